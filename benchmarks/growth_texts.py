"""Texts and projects that make a careless parser slow, each made for a size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

Make = Callable[[int], str]
"""Makes a text of about as many characters."""


def repeat(unit: str, *, before: str = "", after: str = "") -> Make:
    """Return a text that consists of one unit, repeated."""
    return lambda size: before + unit * max(size // len(unit), 1) + after


def nest(opening: str, closing: str, *, core: str = "x") -> Make:
    """Return a text of opening marks and as many closing ones."""
    size_of_pair = len(opening + closing)
    return lambda size: opening * (size // size_of_pair) + core + closing * (size // size_of_pair)


def deepen(unit: str) -> Make:
    """Return lines, each indented more than the one before it."""

    def make(size: int) -> str:
        lines = int(size**0.5)
        return "\n".join("  " * depth + f"{unit} x" for depth in range(lines))

    return make


def count_up(line: str) -> Make:
    """Return lines that differ in a number."""
    return lambda size: "\n".join(line.replace("#", str(n)) for n in range(size // (len(line) + 3)))


def make_table(columns: int | None, cell: str = "x") -> Make:
    """Return a table with this many columns, or with as many columns as fit two rows."""

    def make(size: int) -> str:
        width = columns or max(size // (3 * (len(cell) + 3)), 1)
        rows = max(size // (width * (len(cell) + 3)), 3)
        row = f"|{f' {cell} |' * width}\n"
        return row + "|---" * width + "|\n" + row * (rows - 2)

    return make


def make_plain_head(size: int) -> str:
    """Return a wide head of a table with many rows of one cell."""
    width = max(size // 8, 1)
    return "|" + "a|" * width + "\n" + "|" + "-|" * width + "\n" + "|x|\n" * (size // 16)


def write_code(language: str, unit: str) -> Make:
    """Return a fenced block."""
    return lambda size: f"```{language}\n" + unit * (size // len(unit)) + "\n```"


TEXTS: Final[Mapping[str, Make]] = {
    # Brackets and quotes
    "open brackets": repeat("["),
    "nested brackets": nest("[", "]"),
    "closed brackets": repeat("]"),
    "open parentheses": repeat("("),
    "nested parentheses": nest("(", ")"),
    "braces": repeat("{"),
    "nested braces": nest("{", "}"),
    "double braces": repeat("{{"),
    "angles": repeat("<"),
    "nested angles": nest("<", ">"),
    "double quotes": repeat('"'),
    "quoted words": repeat('"a" '),
    "nested quotations": repeat("> ", after="x"),
    "quotations without spaces": repeat(">", after="x"),
    "quoted lines": repeat("> x\n"),
    "quotation staircase": lambda size: "\n".join(
        ">" * depth + " x" for depth in range(int((2 * size) ** 0.5))
    ),
    # Lists
    "nested bullets on a line": repeat("- ", after="x"),
    "nested numbers on a line": repeat("1. ", after="x"),
    "list staircase": deepen("-"),
    "numbered staircase": deepen("1."),
    "bullets": repeat("- x\n"),
    "loose bullets": repeat("- x\n\n"),
    "numbers": count_up("#. x"),
    "wrong numbers": repeat("7. x\n"),
    "tasks": repeat("- [ ] x\n"),
    "bullets with paragraphs": repeat("- x\n\n  y\n\n"),
    "alternating bullets": repeat("- x\n+ x\n"),
    "empty bullets": repeat("-\n"),
    "letters of a list": count_up("a) x#"),
    "options": count_up("A. option #"),
    "list then quotation": repeat("- > ", after="x"),
    # Emphasis
    "stars": repeat("*"),
    "starred words": repeat("*a "),
    "strong words": repeat("**a "),
    "closing stars": repeat("a* "),
    "closing strong": repeat("a** "),
    "nested emphasis": nest("*a ", " a*"),
    "nested strong": nest("**a ", " a**"),
    "alternating emphasis": repeat("*a **b "),
    "odd runs": repeat("a***b **c*"),
    "underscores": repeat("_"),
    "underscored words": repeat("_a "),
    "double underscores": repeat("__a "),
    "snake case": repeat("a_"),
    "dunder": repeat("__a__ "),
    "tildes": repeat("~"),
    "struck words": repeat("~~a "),
    "nested strikethrough": nest("~~a ", " a~~"),
    "subscripts": repeat("H~2~O "),
    "open subscripts": repeat("a~b "),
    "carets": repeat("^"),
    "superscripts": repeat("x^2^ "),
    "open superscripts": repeat("a^b "),
    "highlights": repeat("==a== "),
    "open highlights": repeat("==a "),
    "equals": repeat("="),
    "mixed emphasis": repeat("*_**~~a "),
    "stars between letters": repeat("a**"),
    "stars in Japanese": repeat("**「引用」**です"),
    # Links, images, references
    "links": repeat("[a](b) "),
    "web links": repeat("[a](https://example.com/a) "),
    "open links": repeat("[a]("),
    "open link titles": repeat('[a](b "'),
    "nested links": nest("[", "](b)"),
    "images": repeat("![a](media/a.png)"),
    "nested images": nest("![", "](b)"),
    "open images": repeat("!["),
    "exclamation marks": repeat("!"),
    "image widths": repeat("![a](b){width=3}"),
    "image attributes": repeat("![a](b){a=b"),
    "references": count_up("[a#]: https://example.com/#"),
    "reference repeated": repeat("[a]: https://example.com/\n"),
    "uses of references": lambda size: (
        "\n".join(f"[a{n}]: b" for n in range(size // 20))
        + "\n\n"
        + " ".join(f"[a{n}]" for n in range(size // 20))
    ),
    "uses of no reference": repeat("[a][b] "),
    "open references": repeat("[a]: \n"),
    "link of backslashes": repeat("\\", before="[a](", after=")"),
    "link of parentheses": nest("(", ")", core="b"),
    "link address of brackets": lambda size: "[a](" + "(" * size + ")" * size + ")",
    "footnotes": repeat("[^1] "),
    "footnote definitions": count_up("[^#]: a"),
    "footnote openings": repeat("[^"),
    "inline notes": repeat("a^[a note of two] "),
    "open inline notes": repeat("a^["),
    "autolinks": repeat("<https://example.com> "),
    "open autolinks": repeat("<https://a"),
    "mail links": repeat("<a@b.c> "),
    "bare addresses": repeat("https://example.com/a "),
    "one long address": repeat("a", before="https://example.com/"),
    "address of dots": repeat("a.", before="https://"),
    # HTML and entities
    "tags": repeat("<b>x</b>"),
    "open tags": repeat("<b>"),
    "types": repeat("List<A> "),
    "tag starts": repeat("<a "),
    "tags with attributes": repeat('<a b="c">'),
    "open attributes": repeat('<a b="'),
    "attribute names": repeat(" a", before="<a", after=""),
    "comments": repeat("<!-- a -->"),
    "open comments": repeat("<!-- a "),
    "processing instructions": repeat("<?a "),
    "open CDATA": repeat("<![CDATA["),
    "declarations": repeat("<!A "),
    "line breaks": repeat("a<br>"),
    "entities": repeat("&amp;"),
    "number entities": repeat("&#65;"),
    "ampersands": repeat("&"),
    "open entities": repeat("&amp"),
    # Code
    "backticks": repeat("`"),
    "code spans": repeat("`a` "),
    "open code spans": lambda size: " ".join("`" * n for n in range(1, int((2 * size) ** 0.5))),
    "odd backticks": repeat("`a``b"),
    "fences": repeat("```\na\n```\n"),
    "open fences": repeat("```\n"),
    "fences of growing length": lambda size: "\n".join(
        "`" * n for n in range(3, int((2 * size) ** 0.5))
    ),
    "fence with a long word": repeat("a", before="```"),
    "tilde fences": repeat("~~~a\n"),
    "indented code": repeat("    a\n"),
    "Python": write_code("python", 'f(a, "b")  # c\n'),
    "Python strings": write_code("python", 'f"{'),
    "Perl substitutions": write_code("perl", "s{"),
    "Perl heredocs": write_code("perl", "<<A "),
    "Ruby heredocs": write_code("ruby", "<<A "),
    "JavaScript templates": write_code("js", "`${"),
    "C++ raw strings": write_code("cpp", 'R"a('),
    "YAML code": write_code("yaml", "- "),
    "HTML code": write_code("html", "<a "),
    "SQL code": write_code("sql", "select a from b where c = 'd';\n"),
    "code in one line": write_code("python", "a = b; "),
    # Clozes
    "gaps": repeat("{{c1::a}} "),
    "gaps with hints": repeat("{{c1::a::b}} "),
    "gaps of many numbers": lambda size: " ".join(
        f"{{{{c{n % 499 + 1}::a}}}}" for n in range(size // 12)
    ),
    "nested gaps": nest("{{c1::", "}}"),
    "open gaps": repeat("{{c1::"),
    "open gaps with braces": repeat("{{c1::{"),
    "gaps of colons": repeat("::", before="{{c1::", after="}}"),
    "gap of braces": repeat("{", before="{{c1::", after="}}"),
    "near gaps": repeat("{{c1:a}} "),
    "single braces": repeat("{c1::a} "),
    "number list in a gap": repeat("1,", before="{{c", after="1::a}}"),
    "gaps with code": repeat("{{c1::`a::b`}} "),
    "gaps with open code": repeat("{{c1::`a "),
    "gaps in emphasis": repeat("**{{c1::a}}** "),
    "gaps across elements": repeat("*a {{c1::b* c}} "),
    "gaps in formulas": repeat("${{c1::a}}$ "),
    "gap with many hints": repeat("`a`::", before="{{c1::", after="}}"),
    "gap with scopes": repeat("std::a ", before="{{c1::", after="}}"),
    # Formulas
    "dollars": repeat("$"),
    "spaced dollars": repeat("$ "),
    "dollars after letters": repeat("a$"),
    "formulas": repeat("$x$ "),
    "open formulas": repeat("$x "),
    "display formulas": repeat("$$x$$ "),
    "open display formulas": repeat("$$x "),
    "formula blocks": repeat("$$\nx\n$$\n\n"),
    "open formula blocks": repeat("$$\nx\n\n"),
    "open formula lines": repeat("$$\nx\n"),
    "backslash brackets": repeat("\\("),
    "backslash squares": repeat("\\["),
    "backslash formulas": repeat("\\(x\\) "),
    "backslash square blocks": repeat("\\[\nx\n"),
    "nested fractions": lambda size: (
        "$" + "\\frac{" * (size // 9) + "x" + "}{y}" * (size // 9) + "$"
    ),
    "open fractions": repeat("\\frac{", before="$", after="$"),
    "nested groups": lambda size: "$" + nest("{", "}")(size) + "$",
    "open groups": repeat("{", before="$", after="$"),
    "powers": repeat("x^{", before="$", after="$"),
    "nested powers": lambda size: "$" + nest("x^{", "}")(size) + "$",
    "powers without braces": repeat("^x", before="$x", after="$"),
    "primes": repeat("'", before="$x", after="$"),
    "roots": lambda size: "$" + nest("\\sqrt{", "}")(size) + "$",
    "left and right": lambda size: "$" + nest("\\left(", "\\right)")(size) + "$",
    "environments": lambda size: "$$" + nest("\\begin{matrix}", "\\end{matrix}")(size) + "$$",
    "open environments": repeat("\\begin{matrix}"),
    "matrix rows": repeat("a & b \\\\ ", before="$$\\begin{matrix}", after="\\end{matrix}$$"),
    "long sum": repeat("a+", before="$", after="b$"),
    "commands": repeat("\\alpha ", before="$", after="$"),
    "text commands": repeat("\\text{a} ", before="$", after="$"),
    "unknown commands": repeat("\\abcde ", before="$", after="$"),
    "backslashes": repeat("\\"),
    "escapes": repeat("\\*"),
    "escaped letters": repeat("\\a"),
    "maths comments": repeat("% a\n", before="$$\n", after="\n$$"),
    "prices": repeat("costs $5 and "),
    "shell variables": repeat("$HOME/$PATH "),
    # Tables and blocks
    "wide table": make_table(None),
    "long table": make_table(2),
    "table of emphasis": make_table(3, "*a*"),
    "wide head, short rows": make_plain_head,
    "rows beyond the head": lambda size: "|a|\n|-|\n" + "|a|b|\n" * (size // 6),
    "pipes": repeat("|"),
    "pipe lines": repeat("|\n"),
    "table without end": repeat("|a", after="\n|-"),
    "delimiter rows": repeat("|-", after="|\n"),
    "tables": repeat("|a|\n|-|\n|b|\n\n"),
    "headings": repeat("# a\n"),
    "hashes": repeat("#"),
    "closing hashes": repeat(" #", before="# a"),
    "setext headings": repeat("a\n=\n"),
    "rules": repeat("***\n"),
    "spaced rule": repeat("* "),
    "long rule": repeat("-"),
    "paragraphs": repeat("a b c\n\n"),
    "lines": repeat("a b c\n"),
    "lazy lines": repeat("> a\nb\n"),
    "lines of blanks": repeat(" \n"),
    "hard breaks": repeat("a  \n"),
    "backslash breaks": repeat("a\\\n"),
    "tabs": repeat("\t"),
    "blanks": repeat(" ", before="a", after="b"),
    "line ends": repeat("\n", before="a", after="b"),
    "indented lines": deepen("a"),
    # Words and scripts
    "one word": repeat("a"),
    "one word of capitals": repeat("A"),
    "one number": repeat("1"),
    "words": repeat("word "),
    "sentences": repeat("The oak is a tree. "),
    "punctuation": repeat(".,;:!?"),
    "hyphens": repeat("a-"),
    "operators": repeat("a * b + c / d - "),
    "comparisons": repeat("a<b>c "),
    "arrows": repeat("a -> b => c "),
    "combining characters": repeat("\u0301", before="e"),
    "letters with marks": repeat("e\u0301\u0323"),
    "Zalgo": repeat("a\u0300\u0301\u0302\u0303\u0304 "),
    "Arabic": repeat("كتاب "),
    "isolates": nest("\u2067", "\u2069"),
    "Hebrew and Latin": repeat("שלום abc "),
    "Chinese": repeat("学习汉字"),
    "Japanese": repeat("これは本です。"),
    "Thai": repeat("ภาษาไทย"),
    "readings": repeat("{漢字|かんじ}"),
    "open readings": repeat("{漢字|"),
    "readings of many parts": repeat("|か", before="{漢", after="}"),
    "emoji": repeat("👩‍👩‍👧‍👦"),
    "flags": repeat("🇦🇧"),
    "zero width": repeat("\u200b", before="a", after="b"),
    "soft hyphens": repeat("a\u00ad"),
    "no-break spaces": repeat("\u00a0", before="a", after="b"),
    "wide spaces": repeat("\u3000", before="a", after="b"),
    "ligatures": repeat("ﷺ"),
    "Hangul parts": repeat("\u1100\u1161\u11a8"),
    "paths": repeat("a/b/"),
    "globs": repeat("**/"),
    "wildcards": repeat("*.py "),
    "latex tags": repeat("[latex]"),
    "sound tags": repeat("[sound:a.mp3]"),
    "open sound tags": repeat("[sound:"),
}
"""The text of a field, by name."""


def indent(text: str, *, by: str = "      ") -> str:
    """Return a text as the body of a YAML block scalar."""
    return "\n".join(by + line if line.strip() else line for line in text.split("\n"))


def write_cards(text: str) -> str:
    """Return a file with a text in each kind of field."""
    body = indent(text)
    line = indent(text.replace("\n", " "))
    return f"""\
cards:
  - id: basic
    kind: basic
    question: |2
{body}
    answer: |2
{body}
  - id: gap
    kind: cloze
    text: |2
      {{{{c1::gap}}}}
{body}
  - id: bare-gap
    kind: cloze
    text: |2
{body}
  - id: instinct
    kind: instinct
    failure: |2
{line}
    instinct: |2
{body}
    why: Because.
  - id: choice
    kind: choice
    question: What?
    options:
      - right: |2
{indent(text, by="          ")}
        reason: So.
      - wrong: No
        reason: Not so.
"""


CODE_UNITS: Final = (
    "s{",
    "<<A ",
    "`${",
    "'",
    '"',
    "(",
    "[",
    "{",
    "<",
    "<a ",
    "/*",
    "//",
    "#",
    "\\",
    "$",
    "$(",
    "${",
    "@",
    "%",
    "&",
    "*",
    "a ",
    "a",
    "1",
    "=",
    "a=",
    "a:",
    "a: ",
    "- ",
    "|",
    "~",
    "!",
    "?",
    "\n",
    " ",
    "\t",
    "a\n",
    "{{",
    "}}",
    "<%",
    "%>",
    "[[",
    "(*",
    "{-",
    "--",
    "-- ",
    '"""',
    "'''",
    'R"a(',
    "#{",
    "=begin\n",
    "q(",
    "tr{",
    "m/",
    "/a",
    "/a/",
    "s/a/",
    "a/",
    "a(",
    "a.",
    "a::",
    "a->",
    "if ",
    "begin ",
    "end ",
    "def ",
    "{% ",
    "{{ a",
    "<!--",
    "<![CDATA[",
    "<?",
    "&a",
    "\\(",
    "\\[",
    "\\begin{",
    "a{",
    "a[",
    "f'{",
    'f"{',
    "%q(",
    "`",
    "```\n",
    "0x",
    "1.",
    "1e",
    "a,",
    "a;",
    "a;\n",
    "\\\n",
    "  a\n",
    "\ta\n",
    "---\n",
    "+",
    "-",
    "^",
    "<<<A\n",
    "<<<",
    "@a",
    "@a ",
    "@{",
    "$a",
    "%{",
    "%(",
    'a="',
    "a='",
    "A",
    "A ",
    "_",
    "<-",
    "=>",
    "..",
    ". ",
    "a b",
    "a\tb ",
    "é",
    "a:\n  ",
    '@"',
    '$"',
    '$"{',
    "#!",
    "# a\n",
    "//a\n",
    "a'",
    "'a",
    '"a\n',
    "'a\n",
    "a b c\n",
)
"""Pieces of code that make lexers slow when repeated."""
