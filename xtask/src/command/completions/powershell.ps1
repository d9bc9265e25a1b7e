# Completes `cargo xtask` in PowerShell; printed by `cargo xtask completions powershell`.
# For every other command of cargo it answers nothing.

Register-ArgumentCompleter -Native -CommandName cargo -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

@TABLES@
    # The words before the one at the cursor, after `cargo`.
    $words = @($commandAst.CommandElements |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object { $_.ToString() } |
        Select-Object -Skip 1)
    $at = 0
    while ($at -lt $words.Count -and $words[$at] -match '^[+-]') { $at++ }
    if ($at -ge $words.Count) {
        if ('xtask'.StartsWith($wordToComplete)) { 'xtask' }
        return
    }
    if ($words[$at] -ne 'xtask') { return }
    $command = ''
    foreach ($word in ($words | Select-Object -Skip ($at + 1))) {
        if ($commands.Contains($word)) { $command = $word; break }
    }

    $kind = $values["$command $($words[-1])"]
    if ($null -eq $kind) { $kind = $values[" $($words[-1])"] }
    if ($null -eq $kind -and $wordToComplete.StartsWith('-')) {
        $kind = @('words') + $options[$command]
    } elseif ($null -eq $kind) {
        $kind = $operands[$command]
    }
    $found = switch ($kind | Select-Object -First 1) {
        'words' { $kind | Select-Object -Skip 1 }
        'commands' { $commands }
        'folders' { Get-ChildItem -Directory -Name -Path "$wordToComplete*" -ErrorAction SilentlyContinue }
        'lessons' {
            $folder = Get-Item -LiteralPath $PWD.ProviderPath
            while ($folder -and -not (Test-Path -LiteralPath (Join-Path $folder.FullName 'course.toml'))) {
                $folder = $folder.Parent
            }
            if ($folder) {
                Get-ChildItem -Directory -Path (Join-Path $folder.FullName 'exercises') |
                    Where-Object { Test-Path -LiteralPath (Join-Path $_.FullName 'lesson.toml') } |
                    ForEach-Object { $_.Name }
            }
        }
    }
    $found | Where-Object { $_ -and $_.StartsWith($wordToComplete) } | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
    }
}
