// Opened as files, pages may start no worker: search then runs in a hidden frame instead.
// Its name tells Zensical not to load such a script from elsewhere.
if (location.protocol === "file:") {
  window.Worker = class {
    constructor(url) {
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      document.body.append(this.frame);
      const inside = this.frame.contentWindow;
      inside.postMessage = (data) => this.onmessage?.({ data: structuredClone(data) });
      const script = inside.document.createElement("script");
      this.ready = new Promise((resolve, reject) => {
        script.onload = resolve;
        script.onerror = reject;
      });
      script.src = url;
      inside.document.head.append(script);
    }

    postMessage(message) {
      const data = structuredClone(message);
      this.ready.then(
        () => this.frame.contentWindow?.onmessage?.({ data }),
        (error) => this.onerror?.(error),
      );
    }

    terminate() {
      this.frame.remove();
    }
  };
}
