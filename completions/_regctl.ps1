
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'regctl' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'regctl'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'regctl' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'registry')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'retries')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'insecure')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'plain-http')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'q')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'quiet')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'v')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'verbose')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Run a registry')
            [CompletionResult]::new('trust', 'trust', [CompletionResultType]::ParameterValue, 'Let docker, podman and containerd on this machine trust a registry''s certificate')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Say what clients on this machine will meet at a registry, and what to do about it')
            [CompletionResult]::new('catalog', 'catalog', [CompletionResultType]::ParameterValue, 'List the repositories of a registry')
            [CompletionResult]::new('tags', 'tags', [CompletionResultType]::ParameterValue, 'List the tags of a repository')
            [CompletionResult]::new('manifest', 'manifest', [CompletionResultType]::ParameterValue, 'Look at one manifest')
            [CompletionResult]::new('digest', 'digest', [CompletionResultType]::ParameterValue, 'Print a manifest''s digest')
            [CompletionResult]::new('delete', 'delete', [CompletionResultType]::ParameterValue, 'Delete tags, manifests and repositories')
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Sign in to a registry')
            [CompletionResult]::new('logout', 'logout', [CompletionResultType]::ParameterValue, 'Sign out of a registry')
            [CompletionResult]::new('whoami', 'whoami', [CompletionResultType]::ParameterValue, 'Show who is signed in to a registry')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Bring the images of an archive into a registry')
            [CompletionResult]::new('import-v1', 'import-v1', [CompletionResultType]::ParameterValue, 'Bring the images of an archive into a registry')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Write images into an archive that docker, podman and containerd load')
            [CompletionResult]::new('copy', 'copy', [CompletionResultType]::ParameterValue, 'Copy images between registries and repositories')
            [CompletionResult]::new('sync', 'sync', [CompletionResultType]::ParameterValue, 'Make a repository hold the tags of another')
            [CompletionResult]::new('gc', 'gc', [CompletionResultType]::ParameterValue, 'Collect garbage')
            [CompletionResult]::new('prune', 'prune', [CompletionResultType]::ParameterValue, 'Delete tags by a rule, and the manifests that nothing holds after that')
            [CompletionResult]::new('trash', 'trash', [CompletionResultType]::ParameterValue, 'List what was deleted and can be restored')
            [CompletionResult]::new('restore', 'restore', [CompletionResultType]::ParameterValue, 'Restore what was deleted, as long as it is in the trash')
            [CompletionResult]::new('du', 'du', [CompletionResultType]::ParameterValue, 'Show how many bytes repositories and tags take up')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Compare the data with what the index knows of it')
            [CompletionResult]::new('health', 'health', [CompletionResultType]::ParameterValue, 'Ask the server of this configuration whether it is ready')
            [CompletionResult]::new('image', 'image', [CompletionResultType]::ParameterValue, 'Write a container image of regctl, which docker and podman load')
            [CompletionResult]::new('setup', 'setup', [CompletionResultType]::ParameterValue, 'Print a ready file for systemd, Docker Compose, Kubernetes, nginx or cron')
            [CompletionResult]::new('user', 'user', [CompletionResultType]::ParameterValue, 'Make and change accounts')
            [CompletionResult]::new('group', 'group', [CompletionResultType]::ParameterValue, 'Make and change groups of accounts')
            [CompletionResult]::new('token', 'token', [CompletionResultType]::ParameterValue, 'Make and revoke tokens')
            [CompletionResult]::new('grant', 'grant', [CompletionResultType]::ParameterValue, 'Give rights')
            [CompletionResult]::new('revoke', 'revoke', [CompletionResultType]::ParameterValue, 'Take rights that were given')
            [CompletionResult]::new('rights', 'rights', [CompletionResultType]::ParameterValue, 'Say who may do what, and why')
            [CompletionResult]::new('visibility', 'visibility', [CompletionResultType]::ParameterValue, 'Make a repository public or private')
            [CompletionResult]::new('describe', 'describe', [CompletionResultType]::ParameterValue, 'Describe a repository')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completions for a shell')
            [CompletionResult]::new('generate', 'generate', [CompletionResultType]::ParameterValue, 'Write the files that the project keeps under version control')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'regctl;serve' {
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Where the data is kept [default: the user''s data directory]')
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Where to listen; port 0 takes a free one [default: 127.0.0.1:5000]')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'Speak TLS: `self-signed` with an authority of this server''s own, `acme` with a certificate of Let''s Encrypt or another ACME directory, or with these two files')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'A name or address of this host that clients use: with --tls self-signed besides those it knows, with --tls acme each name that the certificate is for')
            [CompletionResult]::new('--acme-directory', '--acme-directory', [CompletionResultType]::ParameterName, 'The ACME directory that issues the certificate [default: Let''s Encrypt]')
            [CompletionResult]::new('--acme-ca', '--acme-ca', [CompletionResultType]::ParameterName, 'The authority of the ACME directory''s own certificate, PEM [default: the system''s]')
            [CompletionResult]::new('--acme-email', '--acme-email', [CompletionResultType]::ParameterName, 'Where the ACME authority may write to')
            [CompletionResult]::new('--acme-http', '--acme-http', [CompletionResultType]::ParameterName, 'Where to answer HTTP-01 challenges, as in :80; without it TLS-ALPN-01 is used')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration; without FILE the one at its usual places')
            [CompletionResult]::new('--accounts', '--accounts', [CompletionResultType]::ParameterName, 'Serve accounts of regctl''s own: see regctl user; anonymous callers then only pull what is public')
            [CompletionResult]::new('--check', '--check', [CompletionResultType]::ParameterName, 'Say what the configuration means and what of it is ignored, and end')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;trust' {
            [CompletionResult]::new('--fingerprint', '--fingerprint', [CompletionResultType]::ParameterName, 'What the fingerprint has to be; then nothing is asked')
            [CompletionResult]::new('--remove', '--remove', [CompletionResultType]::ParameterName, 'Trust it no longer')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask, whatever the fingerprint is')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask, whatever the fingerprint is')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;doctor' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;catalog' {
            [CompletionResult]::new('--filter', '--filter', [CompletionResultType]::ParameterName, 'Show only names that match: `*` and `?` stop at a slash, `**` does not')
            [CompletionResult]::new('--sort', '--sort', [CompletionResultType]::ParameterName, 'The order: by name, or the last pushed or largest first')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How often to repeat a request that may work a moment later [default: 4]')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Speak https without checking the registry''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Speak http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;tags' {
            [CompletionResult]::new('--filter', '--filter', [CompletionResultType]::ParameterName, 'Show only tags that match')
            [CompletionResult]::new('--sort', '--sort', [CompletionResultType]::ParameterName, 'The order: by name, or the newest, largest, or highest version first')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How often to repeat a request that may work a moment later [default: 4]')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Speak https without checking the registry''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Speak http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;manifest' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('inspect', 'inspect', [CompletionResultType]::ParameterValue, 'Show what a manifest is and what it holds')
            [CompletionResult]::new('head', 'head', [CompletionResultType]::ParameterValue, 'Show a manifest''s digest, type and length, without fetching it')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'regctl;manifest;inspect' {
            [CompletionResult]::new('--platform', '--platform', [CompletionResultType]::ParameterName, 'Of an index, show the image for this platform')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How often to repeat a request that may work a moment later [default: 4]')
            [CompletionResult]::new('--raw', '--raw', [CompletionResultType]::ParameterName, 'Print the manifest''s bytes as they are stored')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Speak https without checking the registry''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Speak http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;manifest;head' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How often to repeat a request that may work a moment later [default: 4]')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Speak https without checking the registry''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Speak http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;manifest;help' {
            [CompletionResult]::new('inspect', 'inspect', [CompletionResultType]::ParameterValue, 'Show what a manifest is and what it holds')
            [CompletionResult]::new('head', 'head', [CompletionResultType]::ParameterValue, 'Show a manifest''s digest, type and length, without fetching it')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'regctl;manifest;help;inspect' {
            break
        }
        'regctl;manifest;help;head' {
            break
        }
        'regctl;manifest;help;help' {
            break
        }
        'regctl;digest' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How often to repeat a request that may work a moment later [default: 4]')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Speak https without checking the registry''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Speak http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;delete' {
            [CompletionResult]::new('--repository', '--repository', [CompletionResultType]::ParameterName, 'A repository to delete with all that is in it; may be given several times')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How often to repeat a request that may work a moment later [default: 4]')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print what would be deleted, and delete nothing')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Delete a manifest even if several tags go with it')
            [CompletionResult]::new('--ignore-missing', '--ignore-missing', [CompletionResultType]::ParameterName, 'Ignore what does not exist')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Delete several things without asking')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Delete several things without asking')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Speak https without checking the registry''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Speak http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;login' {
            [CompletionResult]::new('-u', '-u', [CompletionResultType]::ParameterName, 'Who signs in; asked for on a terminal')
            [CompletionResult]::new('--username', '--username', [CompletionResultType]::ParameterName, 'Who signs in; asked for on a terminal')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How often to repeat a request that may work a moment later [default: 4]')
            [CompletionResult]::new('--password-stdin', '--password-stdin', [CompletionResultType]::ParameterName, 'Read the password from standard input; else it is asked for on the terminal')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Speak https without checking the registry''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Speak http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;logout' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How often to repeat a request that may work a moment later [default: 4]')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Speak https without checking the registry''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Speak http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;whoami' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How often to repeat a request that may work a moment later [default: 4]')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Speak https without checking the registry''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Speak http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;import' {
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'A prefix for all names, in this registry if it begins with one')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'The name of the one image, in this registry if it begins with one')
            [CompletionResult]::new('--map', '--map', [CompletionResultType]::ParameterName, 'Another name for an image, a repository, or with a slash at its end all below it; may be repeated, the first that fits counts')
            [CompletionResult]::new('--platform', '--platform', [CompletionResultType]::ParameterName, 'Of images with several platforms, only this one')
            [CompletionResult]::new('--compression', '--compression', [CompletionResultType]::ParameterName, 'How to compress plain layers: gzip, zstd or none')
            [CompletionResult]::new('--level', '--level', [CompletionResultType]::ParameterName, 'How hard to try: 1 is fast, 9 (for zstd 12) is small [default: 3]')
            [CompletionResult]::new('--staging', '--staging', [CompletionResultType]::ParameterName, 'Where layers out of a pipe wait for their image [default: regctl-import]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How often to repeat a request that may work a moment later [default: 4]')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Speak https without checking the registry''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Speak http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;import-v1' {
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'A prefix for all names, in this registry if it begins with one')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'The name of the one image, in this registry if it begins with one')
            [CompletionResult]::new('--map', '--map', [CompletionResultType]::ParameterName, 'Another name for an image, a repository, or with a slash at its end all below it; may be repeated, the first that fits counts')
            [CompletionResult]::new('--platform', '--platform', [CompletionResultType]::ParameterName, 'Of images with several platforms, only this one')
            [CompletionResult]::new('--compression', '--compression', [CompletionResultType]::ParameterName, 'How to compress plain layers: gzip, zstd or none')
            [CompletionResult]::new('--level', '--level', [CompletionResultType]::ParameterName, 'How hard to try: 1 is fast, 9 (for zstd 12) is small [default: 3]')
            [CompletionResult]::new('--staging', '--staging', [CompletionResultType]::ParameterName, 'Where layers out of a pipe wait for their image [default: regctl-import]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How often to repeat a request that may work a moment later [default: 4]')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Speak https without checking the registry''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Speak http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;export' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The file to write; without it, or with -, stdout')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The file to write; without it, or with -, stdout')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'docker: loads everywhere; oci: an OCI image layout and nothing else')
            [CompletionResult]::new('--platform', '--platform', [CompletionResultType]::ParameterName, 'Of an index, only the image for this platform; may be repeated')
            [CompletionResult]::new('--without', '--without', [CompletionResultType]::ParameterName, 'Leave out the layers of this image, which the other side has; may be repeated')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How often to repeat a request that may work a moment later [default: 4]')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Speak https without checking the registry''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Speak http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;copy' {
            [CompletionResult]::new('--match', '--match', [CompletionResultType]::ParameterName, 'Of all tags, only those that match')
            [CompletionResult]::new('--platform', '--platform', [CompletionResultType]::ParameterName, 'Of an index, copy only the image for this platform')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'How many blobs move at once')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'How many blobs move at once')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How often to repeat a request that may work a moment later [default: 4]')
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Copy every tag of a repository')
            [CompletionResult]::new('--all-tags', '--all-tags', [CompletionResultType]::ParameterName, 'Copy every tag of a repository')
            [CompletionResult]::new('--referrers', '--referrers', [CompletionResultType]::ParameterName, 'Copy signatures and whatever else refers to the images as well')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Say what would be done, and do nothing')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Speak https without checking the registry''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Speak http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;sync' {
            [CompletionResult]::new('--match', '--match', [CompletionResultType]::ParameterName, 'Only tags that match, on both sides')
            [CompletionResult]::new('--platform', '--platform', [CompletionResultType]::ParameterName, 'Of an index, copy only the image for this platform')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'How many blobs move at once')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'How many blobs move at once')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How often to repeat a request that may work a moment later [default: 4]')
            [CompletionResult]::new('--delete', '--delete', [CompletionResultType]::ParameterName, 'Delete the tags that the source does not have')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Delete without asking')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Delete without asking')
            [CompletionResult]::new('--referrers', '--referrers', [CompletionResultType]::ParameterName, 'Copy signatures and whatever else refers to the images as well')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Say what would be done, and do nothing')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Speak https without checking the registry''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Speak http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;gc' {
            [CompletionResult]::new('--older-than', '--older-than', [CompletionResultType]::ParameterName, 'Only manifests that were pushed longer ago')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Where the data is kept [default: the user''s data directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration that says so; without FILE the one at its usual places')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print what would be deleted, and delete nothing')
            [CompletionResult]::new('--untagged', '--untagged', [CompletionResultType]::ParameterName, 'Delete manifests, too, that no tag, index or subject holds')
            [CompletionResult]::new('--empty-trash', '--empty-trash', [CompletionResultType]::ParameterName, 'Empty the trash first')
            [CompletionResult]::new('--end-leases', '--end-leases', [CompletionResultType]::ParameterName, 'End all leases first; refused while a client pushes or pulls')
            [CompletionResult]::new('--status', '--status', [CompletionResultType]::ParameterName, 'Show whether a collection runs, and how the last ones ended')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;prune' {
            [CompletionResult]::new('--keep-last', '--keep-last', [CompletionResultType]::ParameterName, 'Keep this many tags, those that were pushed last')
            [CompletionResult]::new('--older-than', '--older-than', [CompletionResultType]::ParameterName, 'Only delete tags that were pushed longer ago')
            [CompletionResult]::new('--match', '--match', [CompletionResultType]::ParameterName, 'Only delete tags that match; may be given several times')
            [CompletionResult]::new('--exclude', '--exclude', [CompletionResultType]::ParameterName, 'Keep tags that match; may be given several times')
            [CompletionResult]::new('--not-pulled-for', '--not-pulled-for', [CompletionResultType]::ParameterName, 'Only delete tags that have not been pulled for this long')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Where the data is kept [default: the user''s data directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration that says so; without FILE the one at its usual places')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print what would be deleted, and delete nothing')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Allow deleting every tag of a repository')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Delete several things without asking')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Delete several things without asking')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;trash' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Where the data is kept [default: the user''s data directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration that says so; without FILE the one at its usual places')
            [CompletionResult]::new('--empty', '--empty', [CompletionResultType]::ParameterName, 'Empty the trash; the next gc frees the bytes')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;restore' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Where the data is kept [default: the user''s data directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration that says so; without FILE the one at its usual places')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;du' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Where the data is kept [default: the user''s data directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration that says so; without FILE the one at its usual places')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;check' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Where the data is kept [default: the user''s data directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration that says so; without FILE the one at its usual places')
            [CompletionResult]::new('--read', '--read', [CompletionResultType]::ParameterName, 'Read every byte, and compare it with its digest')
            [CompletionResult]::new('--repair', '--repair', [CompletionResultType]::ParameterName, 'Add what can be derived, and move away what can''t be explained')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing but differences')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing but differences')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;health' {
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Where the server listens [default: what its configuration says]')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Where the data is kept [default: the user''s data directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration that says so; without FILE the one at its usual places')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;image' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The file to write; without it, or with -, stdout')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The file to write; without it, or with -, stdout')
            [CompletionResult]::new('--with', '--with', [CompletionResultType]::ParameterName, 'This program for another architecture; may be repeated')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;setup' {
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Where the registry listens [default: what its configuration says]')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Where the data is kept [default: the user''s data directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration that says so; without FILE the one at its usual places')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;user' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Make an account')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List accounts')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List accounts')
            [CompletionResult]::new('passwd', 'passwd', [CompletionResultType]::ParameterValue, 'Set the password of an account')
            [CompletionResult]::new('disable', 'disable', [CompletionResultType]::ParameterValue, 'One account of which something is changed')
            [CompletionResult]::new('enable', 'enable', [CompletionResultType]::ParameterValue, 'Let a disabled account sign in again')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'One account of which something is changed')
            [CompletionResult]::new('rm', 'rm', [CompletionResultType]::ParameterValue, 'One account of which something is changed')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Make accounts from a file')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'regctl;user;add' {
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Where the data is kept [default: the user''s data directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration that says so; without FILE the one at its usual places')
            [CompletionResult]::new('--admin', '--admin', [CompletionResultType]::ParameterName, 'It may administer the registry, and pull, push and delete everywhere')
            [CompletionResult]::new('--password-stdin', '--password-stdin', [CompletionResultType]::ParameterName, 'Read the password from standard input')
            [CompletionResult]::new('--no-password', '--no-password', [CompletionResultType]::ParameterName, 'It has no password, and signs in by tokens alone')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;user;list' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Where the data is kept [default: the user''s data directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration that says so; without FILE the one at its usual places')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;user;ls' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Where the data is kept [default: the user''s data directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration that says so; without FILE the one at its usual places')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;user;passwd' {
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Where the data is kept [default: the user''s data directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration that says so; without FILE the one at its usual places')
            [CompletionResult]::new('--password-stdin', '--password-stdin', [CompletionResultType]::ParameterName, 'Read the password from standard input')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;user;disable' {
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Where the data is kept [default: the user''s data directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration that says so; without FILE the one at its usual places')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;user;enable' {
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Where the data is kept [default: the user''s data directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration that says so; without FILE the one at its usual places')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;user;remove' {
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Where the data is kept [default: the user''s data directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration that says so; without FILE the one at its usual places')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;user;rm' {
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Where the data is kept [default: the user''s data directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration that says so; without FILE the one at its usual places')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;user;import' {
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Where the data is kept [default: the user''s data directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration that says so; without FILE the one at its usual places')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;user;help' {
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Make an account')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List accounts')
            [CompletionResult]::new('passwd', 'passwd', [CompletionResultType]::ParameterValue, 'Set the password of an account')
            [CompletionResult]::new('disable', 'disable', [CompletionResultType]::ParameterValue, 'One account of which something is changed')
            [CompletionResult]::new('enable', 'enable', [CompletionResultType]::ParameterValue, 'Let a disabled account sign in again')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'One account of which something is changed')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Make accounts from a file')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'regctl;user;help;add' {
            break
        }
        'regctl;user;help;list' {
            break
        }
        'regctl;user;help;passwd' {
            break
        }
        'regctl;user;help;disable' {
            break
        }
        'regctl;user;help;enable' {
            break
        }
        'regctl;user;help;remove' {
            break
        }
        'regctl;user;help;import' {
            break
        }
        'regctl;user;help;help' {
            break
        }
        'regctl;group' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add accounts to a group, which is made if it is not there')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Take accounts out of a group; without any, remove the group')
            [CompletionResult]::new('rm', 'rm', [CompletionResultType]::ParameterValue, 'Take accounts out of a group; without any, remove the group')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List groups')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List groups')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'regctl;group;add' {
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Where the data is kept [default: the user''s data directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration that says so; without FILE the one at its usual places')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;group;remove' {
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Where the data is kept [default: the user''s data directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration that says so; without FILE the one at its usual places')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;group;rm' {
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Where the data is kept [default: the user''s data directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration that says so; without FILE the one at its usual places')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;group;list' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Where the data is kept [default: the user''s data directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration that says so; without FILE the one at its usual places')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;group;ls' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Where the data is kept [default: the user''s data directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration that says so; without FILE the one at its usual places')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;group;help' {
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add accounts to a group, which is made if it is not there')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Take accounts out of a group; without any, remove the group')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List groups')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'regctl;group;help;add' {
            break
        }
        'regctl;group;help;remove' {
            break
        }
        'regctl;group;help;list' {
            break
        }
        'regctl;group;help;help' {
            break
        }
        'regctl;token' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('create', 'create', [CompletionResultType]::ParameterValue, 'Make a token; it is shown once')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List tokens')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List tokens')
            [CompletionResult]::new('revoke', 'revoke', [CompletionResultType]::ParameterValue, 'Revoke tokens')
            [CompletionResult]::new('rm', 'rm', [CompletionResultType]::ParameterValue, 'Revoke tokens')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'regctl;token;create' {
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'The account whose token it is')
            [CompletionResult]::new('--robot', '--robot', [CompletionResultType]::ParameterName, 'The robot whose token it is')
            [CompletionResult]::new('--scope', '--scope', [CompletionResultType]::ParameterName, 'PATTERN:RIGHTS, as in team/*:pull,push [default: all that the account may]')
            [CompletionResult]::new('--expires', '--expires', [CompletionResultType]::ParameterName, 'When it ends, from now [default: never]')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Where the data is kept [default: the user''s data directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration that says so; without FILE the one at its usual places')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;token;list' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Where the data is kept [default: the user''s data directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration that says so; without FILE the one at its usual places')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;token;ls' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Where the data is kept [default: the user''s data directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration that says so; without FILE the one at its usual places')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;token;revoke' {
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'The account or robot whose token it is')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Where the data is kept [default: the user''s data directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration that says so; without FILE the one at its usual places')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;token;rm' {
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'The account or robot whose token it is')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Where the data is kept [default: the user''s data directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration that says so; without FILE the one at its usual places')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;token;help' {
            [CompletionResult]::new('create', 'create', [CompletionResultType]::ParameterValue, 'Make a token; it is shown once')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List tokens')
            [CompletionResult]::new('revoke', 'revoke', [CompletionResultType]::ParameterValue, 'Revoke tokens')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'regctl;token;help;create' {
            break
        }
        'regctl;token;help;list' {
            break
        }
        'regctl;token;help;revoke' {
            break
        }
        'regctl;token;help;help' {
            break
        }
        'regctl;grant' {
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Where the data is kept [default: the user''s data directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration that says so; without FILE the one at its usual places')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;revoke' {
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Where the data is kept [default: the user''s data directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration that says so; without FILE the one at its usual places')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;rights' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print the result')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Where the data is kept [default: the user''s data directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration that says so; without FILE the one at its usual places')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;visibility' {
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Where the data is kept [default: the user''s data directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration that says so; without FILE the one at its usual places')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;describe' {
            [CompletionResult]::new('--text', '--text', [CompletionResultType]::ParameterName, 'The description')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'A file that holds it')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Where the data is kept [default: the user''s data directory]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration that says so; without FILE the one at its usual places')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;completions' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;generate' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;help' {
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Run a registry')
            [CompletionResult]::new('trust', 'trust', [CompletionResultType]::ParameterValue, 'Let docker, podman and containerd on this machine trust a registry''s certificate')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Say what clients on this machine will meet at a registry, and what to do about it')
            [CompletionResult]::new('catalog', 'catalog', [CompletionResultType]::ParameterValue, 'List the repositories of a registry')
            [CompletionResult]::new('tags', 'tags', [CompletionResultType]::ParameterValue, 'List the tags of a repository')
            [CompletionResult]::new('manifest', 'manifest', [CompletionResultType]::ParameterValue, 'Look at one manifest')
            [CompletionResult]::new('digest', 'digest', [CompletionResultType]::ParameterValue, 'Print a manifest''s digest')
            [CompletionResult]::new('delete', 'delete', [CompletionResultType]::ParameterValue, 'Delete tags, manifests and repositories')
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Sign in to a registry')
            [CompletionResult]::new('logout', 'logout', [CompletionResultType]::ParameterValue, 'Sign out of a registry')
            [CompletionResult]::new('whoami', 'whoami', [CompletionResultType]::ParameterValue, 'Show who is signed in to a registry')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Bring the images of an archive into a registry')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Write images into an archive that docker, podman and containerd load')
            [CompletionResult]::new('copy', 'copy', [CompletionResultType]::ParameterValue, 'Copy images between registries and repositories')
            [CompletionResult]::new('sync', 'sync', [CompletionResultType]::ParameterValue, 'Make a repository hold the tags of another')
            [CompletionResult]::new('gc', 'gc', [CompletionResultType]::ParameterValue, 'Collect garbage')
            [CompletionResult]::new('prune', 'prune', [CompletionResultType]::ParameterValue, 'Delete tags by a rule, and the manifests that nothing holds after that')
            [CompletionResult]::new('trash', 'trash', [CompletionResultType]::ParameterValue, 'List what was deleted and can be restored')
            [CompletionResult]::new('restore', 'restore', [CompletionResultType]::ParameterValue, 'Restore what was deleted, as long as it is in the trash')
            [CompletionResult]::new('du', 'du', [CompletionResultType]::ParameterValue, 'Show how many bytes repositories and tags take up')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Compare the data with what the index knows of it')
            [CompletionResult]::new('health', 'health', [CompletionResultType]::ParameterValue, 'Ask the server of this configuration whether it is ready')
            [CompletionResult]::new('image', 'image', [CompletionResultType]::ParameterValue, 'Write a container image of regctl, which docker and podman load')
            [CompletionResult]::new('setup', 'setup', [CompletionResultType]::ParameterValue, 'Print a ready file for systemd, Docker Compose, Kubernetes, nginx or cron')
            [CompletionResult]::new('user', 'user', [CompletionResultType]::ParameterValue, 'Make and change accounts')
            [CompletionResult]::new('group', 'group', [CompletionResultType]::ParameterValue, 'Make and change groups of accounts')
            [CompletionResult]::new('token', 'token', [CompletionResultType]::ParameterValue, 'Make and revoke tokens')
            [CompletionResult]::new('grant', 'grant', [CompletionResultType]::ParameterValue, 'Give rights')
            [CompletionResult]::new('revoke', 'revoke', [CompletionResultType]::ParameterValue, 'Take rights that were given')
            [CompletionResult]::new('rights', 'rights', [CompletionResultType]::ParameterValue, 'Say who may do what, and why')
            [CompletionResult]::new('visibility', 'visibility', [CompletionResultType]::ParameterValue, 'Make a repository public or private')
            [CompletionResult]::new('describe', 'describe', [CompletionResultType]::ParameterValue, 'Describe a repository')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completions for a shell')
            [CompletionResult]::new('generate', 'generate', [CompletionResultType]::ParameterValue, 'Write the files that the project keeps under version control')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'regctl;help;serve' {
            break
        }
        'regctl;help;trust' {
            break
        }
        'regctl;help;doctor' {
            break
        }
        'regctl;help;catalog' {
            break
        }
        'regctl;help;tags' {
            break
        }
        'regctl;help;manifest' {
            [CompletionResult]::new('inspect', 'inspect', [CompletionResultType]::ParameterValue, 'Show what a manifest is and what it holds')
            [CompletionResult]::new('head', 'head', [CompletionResultType]::ParameterValue, 'Show a manifest''s digest, type and length, without fetching it')
            break
        }
        'regctl;help;manifest;inspect' {
            break
        }
        'regctl;help;manifest;head' {
            break
        }
        'regctl;help;digest' {
            break
        }
        'regctl;help;delete' {
            break
        }
        'regctl;help;login' {
            break
        }
        'regctl;help;logout' {
            break
        }
        'regctl;help;whoami' {
            break
        }
        'regctl;help;import' {
            break
        }
        'regctl;help;export' {
            break
        }
        'regctl;help;copy' {
            break
        }
        'regctl;help;sync' {
            break
        }
        'regctl;help;gc' {
            break
        }
        'regctl;help;prune' {
            break
        }
        'regctl;help;trash' {
            break
        }
        'regctl;help;restore' {
            break
        }
        'regctl;help;du' {
            break
        }
        'regctl;help;check' {
            break
        }
        'regctl;help;health' {
            break
        }
        'regctl;help;image' {
            break
        }
        'regctl;help;setup' {
            break
        }
        'regctl;help;user' {
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Make an account')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List accounts')
            [CompletionResult]::new('passwd', 'passwd', [CompletionResultType]::ParameterValue, 'Set the password of an account')
            [CompletionResult]::new('disable', 'disable', [CompletionResultType]::ParameterValue, 'One account of which something is changed')
            [CompletionResult]::new('enable', 'enable', [CompletionResultType]::ParameterValue, 'Let a disabled account sign in again')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'One account of which something is changed')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Make accounts from a file')
            break
        }
        'regctl;help;user;add' {
            break
        }
        'regctl;help;user;list' {
            break
        }
        'regctl;help;user;passwd' {
            break
        }
        'regctl;help;user;disable' {
            break
        }
        'regctl;help;user;enable' {
            break
        }
        'regctl;help;user;remove' {
            break
        }
        'regctl;help;user;import' {
            break
        }
        'regctl;help;group' {
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add accounts to a group, which is made if it is not there')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Take accounts out of a group; without any, remove the group')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List groups')
            break
        }
        'regctl;help;group;add' {
            break
        }
        'regctl;help;group;remove' {
            break
        }
        'regctl;help;group;list' {
            break
        }
        'regctl;help;token' {
            [CompletionResult]::new('create', 'create', [CompletionResultType]::ParameterValue, 'Make a token; it is shown once')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List tokens')
            [CompletionResult]::new('revoke', 'revoke', [CompletionResultType]::ParameterValue, 'Revoke tokens')
            break
        }
        'regctl;help;token;create' {
            break
        }
        'regctl;help;token;list' {
            break
        }
        'regctl;help;token;revoke' {
            break
        }
        'regctl;help;grant' {
            break
        }
        'regctl;help;revoke' {
            break
        }
        'regctl;help;rights' {
            break
        }
        'regctl;help;visibility' {
            break
        }
        'regctl;help;describe' {
            break
        }
        'regctl;help;completions' {
            break
        }
        'regctl;help;generate' {
            break
        }
        'regctl;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
