"""The languages whose code is highlighted, by Pygments' first name for them.

Many of Pygments' lexers take quadratic, cubic or even exponential time for code that is made for it.
Those of these languages were tried with such code (`benchmarks/growth.py --lexers`).
"""

from __future__ import annotations

from typing import Final

_LANGUAGES: Final = """
    abap abnf ada agda ampl antlr apacheconf apl applescript asymptote awk bash batch bibtex bnf
    bqn bugs ca65 capnp ceylon chapel clojure cmake cobol coffeescript common-lisp console coq cr
    css css+django cypher cython d dart debcontrol debsources delphi diff django docker doscon dtd
    ebnf eiffel elixir elm emacs-lisp email erb erlang factor fennel fish forth fortran
    fortranfixed fsharp func gap gas gdscript gherkin glsl go gosu graphql graphviz groovy
    handlebars haskell haxe hexdump hlsl html html+django html+php http hylang idl iex ini j jags
    javascript javascript+django json json5 jsonld jsonnet jsx julia kconfig kotlin kql lean lean4
    less lighttpd liquid llvm llvm-mir logtalk lua mako mathematica matlab maxima meson mips
    modelica modula2 moonscript mysql nasm newlisp nginx nimrod nixos numpy ocaml octave openscad
    output perl perl6 php pig postgresql powershell procfile prolog promql properties protobuf
    psql puppet purescript pwsh-session pycon pytb python qbasic qml racket ragel rbcon rconsole
    reasonml registry ride rng-compact robotframework ruby rust sass scala scheme scilab scss sed
    sieve smalltalk sml solidity sparql splus sql sqlite3 squidconf stan swift systemverilog tact
    tcl tcsh tex text thrift toml tsql tsx turtle twig typescript urlencoded vala vb.net vbscript
    verilog vhdl vim vue vyper wast wgsl xml xslt xtend yaml zig
"""
_SLOW_LANGUAGES: Final = """
    arduino c cpp csharp cuda devicetree gnuplot idris java jlcon make markdown objective-c
    postscript restructuredtext sas stata terraform xquery
"""
_MAX_PART: Final = 2_000
_MAX_SLOW_PART: Final = 1_000
PART_SIZES: Final = {
    **dict.fromkeys(_LANGUAGES.split(), _MAX_PART),
    **dict.fromkeys(_SLOW_LANGUAGES.split(), _MAX_SLOW_PART),
}
"""How many characters of a language a lexer is given at once."""
