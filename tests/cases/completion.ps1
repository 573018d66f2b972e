# Completion of `cards` in PowerShell. In $PROFILE:
#   cards completion powershell | Out-String | iex
Register-ArgumentCompleter -Native -CommandName cards -ScriptBlock {
    param($typed, $line, $cursor)
    $words = @($line.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursor } |
        ForEach-Object {
            if ($_ -is [Management.Automation.Language.StringConstantExpressionAst]) { $_.Value }
            else { $_.Extent.Text }
        })
    $encoding = [Console]::OutputEncoding
    try {
        [Console]::OutputEncoding = [Text.Encoding]::UTF8
        $env:_CARDS_WORDS = ($words + $typed) -join [char]31
        cards __complete powershell 2>$null | Select-Object -Skip 1 | ForEach-Object {
            $text, $shown, $about = $_ -split "`t", 3
            if (-not $about) { $about = $shown }
            [Management.Automation.CompletionResult]::new($text, $shown, 'ParameterValue', $about)
        }
    } finally {
        $env:_CARDS_WORDS = $null
        [Console]::OutputEncoding = $encoding
    }
}
