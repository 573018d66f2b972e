"""`cards completion`."""

from __future__ import annotations

from typing import Final

import click

from cardwright.cli.complete import BREAKS, WORDS
from cardwright.cli.output import say_data

_BASH: Final = f"""\
# Completion of `cards` in bash. In ~/.bashrc:  eval "$(cards completion bash)"
_cards() {{
    local files name
    COMPREPLY=()
    {{
        IFS= read -r files
        while IFS= read -r name; do COMPREPLY+=("$name"); done
    }} < <({WORDS}=${{COMP_LINE:0:COMP_POINT}} {BREAKS}=$COMP_WORDBREAKS \\
        command cards __complete bash 2>/dev/null)
    case $files in
        files) compopt -o default 2>/dev/null ;;
        folders) compopt -o dirnames 2>/dev/null ;;
    esac
}}
complete -F _cards cards
"""
_ZSH: Final = f"""\
#compdef cards
# Completion of `cards` in zsh. In ~/.zshrc, after compinit:  eval "$(cards completion zsh)"
_cards() {{
    local line
    local -a lines described names
    lines=("${{(@f)$({WORDS}="${{(@pj:\\x1f:)${{(@Q)words[1,CURRENT]}}}}" \\
        command cards __complete zsh 2>/dev/null)}}")
    for line in "${{(@)lines[2,-1]}}"; do
        if [[ $line == *$'\\t'* ]]; then
            described+=("${{line/$'\\t'/:}}")
        elif [[ -n $line ]]; then
            names+=("$line")
        fi
    done
    _describe cards described
    compadd -a names
    case $lines[1] in
        files) _files ;;
        folders) _files -/ ;;
    esac
}}
if [[ ${{zsh_eval_context[-1]}} == loadautofunc ]]; then
    _cards "$@"
else
    compdef _cards cards
fi
"""
_FISH: Final = f"""\
# Completion of `cards` in fish:  cards completion fish > ~/.config/fish/completions/cards.fish
function __cards_complete
    set -l typed (commandline -ct)
    set -lx {WORDS} (string join \\x1f -- (commandline -opc) "$typed")
    set -l lines (command cards __complete fish 2>/dev/null)
    switch "$lines[1]"
        case files
            __fish_complete_path (commandline -ct)
        case folders
            __fish_complete_directories (commandline -ct) ''
    end
    printf '%s\\n' $lines[2..-1]
end
complete -c cards -f -a '(__cards_complete)'
"""
_POWERSHELL: Final = f"""\
# Completion of `cards` in PowerShell. In $PROFILE:
#   cards completion powershell | Out-String | iex
Register-ArgumentCompleter -Native -CommandName cards -ScriptBlock {{
    param($typed, $line, $cursor)
    $words = @($line.CommandElements | Where-Object {{ $_.Extent.EndOffset -lt $cursor }} |
        ForEach-Object {{
            if ($_ -is [Management.Automation.Language.StringConstantExpressionAst]) {{ $_.Value }}
            else {{ $_.Extent.Text }}
        }})
    $encoding = [Console]::OutputEncoding
    try {{
        [Console]::OutputEncoding = [Text.Encoding]::UTF8
        $env:{WORDS} = ($words + $typed) -join [char]31
        cards __complete powershell 2>$null | Select-Object -Skip 1 | ForEach-Object {{
            $text, $shown, $about = $_ -split "`t", 3
            if (-not $about) {{ $about = $shown }}
            [Management.Automation.CompletionResult]::new($text, $shown, 'ParameterValue', $about)
        }}
    }} finally {{
        $env:{WORDS} = $null
        [Console]::OutputEncoding = $encoding
    }}
}}
"""
_SCRIPTS: Final = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH, "powershell": _POWERSHELL}


@click.command()
@click.argument("shell", type=click.Choice(list(_SCRIPTS)))
def completion(shell: str) -> None:
    """Print a script that completes commands, options and names in your shell.

    Tab completes commands, options, and the names of cards, packs, decks, kinds, lessons, tags and
    objectives: those that the project had when you last studied, or asked what is due. This prints
    the script; the second column tells where it belongs.

    \b
    cards completion bash          ~/.bashrc:  eval "$(cards completion bash)"
    cards completion zsh           ~/.zshrc, after compinit:  eval "$(cards completion zsh)"
    cards completion fish > ~/.config/fish/completions/cards.fish
    cards completion powershell    $PROFILE:  cards completion powershell | Out-String | iex
    """
    say_data([_SCRIPTS[shell]])
