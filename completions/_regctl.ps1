
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
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'v')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'verbose')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Run a registry')
            [CompletionResult]::new('frontend', 'frontend', [CompletionResultType]::ParameterValue, 'Serve pages for another registry')
            [CompletionResult]::new('trust', 'trust', [CompletionResultType]::ParameterValue, 'Let docker, podman and containerd on this machine trust a registry''s certificate')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Diagnose what clients on this machine will encounter at a registry, or a server''s certificate')
            [CompletionResult]::new('catalog', 'catalog', [CompletionResultType]::ParameterValue, 'List the repositories of a registry')
            [CompletionResult]::new('tags', 'tags', [CompletionResultType]::ParameterValue, 'List the tags of a repository')
            [CompletionResult]::new('search', 'search', [CompletionResultType]::ParameterValue, 'Search for repositories')
            [CompletionResult]::new('star', 'star', [CompletionResultType]::ParameterValue, 'Star a repository')
            [CompletionResult]::new('manifest', 'manifest', [CompletionResultType]::ParameterValue, 'Commands for single manifests')
            [CompletionResult]::new('digest', 'digest', [CompletionResultType]::ParameterValue, 'Print a manifest''s digest')
            [CompletionResult]::new('delete', 'delete', [CompletionResultType]::ParameterValue, 'Delete tags, manifests and repositories')
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Sign in to a registry')
            [CompletionResult]::new('logout', 'logout', [CompletionResultType]::ParameterValue, 'Sign out of a registry')
            [CompletionResult]::new('whoami', 'whoami', [CompletionResultType]::ParameterValue, 'Show who is signed in to a registry')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Import the images of an archive into a registry')
            [CompletionResult]::new('import-v1', 'import-v1', [CompletionResultType]::ParameterValue, 'Import the images of an archive into a registry')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Write images into an archive that docker, podman and containerd load')
            [CompletionResult]::new('copy', 'copy', [CompletionResultType]::ParameterValue, 'Copy images between registries and repositories')
            [CompletionResult]::new('sync', 'sync', [CompletionResultType]::ParameterValue, 'Make the tags of a repository equal to those of another')
            [CompletionResult]::new('gc', 'gc', [CompletionResultType]::ParameterValue, 'Collect garbage')
            [CompletionResult]::new('prune', 'prune', [CompletionResultType]::ParameterValue, 'Delete tags by a rule, and the manifests that nothing holds afterwards')
            [CompletionResult]::new('retention', 'retention', [CompletionResultType]::ParameterValue, 'List and change the rules by which the server deletes tags')
            [CompletionResult]::new('trash', 'trash', [CompletionResultType]::ParameterValue, 'List deletions that can be restored')
            [CompletionResult]::new('restore', 'restore', [CompletionResultType]::ParameterValue, 'Restore deletions from the trash')
            [CompletionResult]::new('du', 'du', [CompletionResultType]::ParameterValue, 'Show the disk usage of repositories and tags')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Compare the data with the index')
            [CompletionResult]::new('backup', 'backup', [CompletionResultType]::ParameterValue, 'Write accounts, rights, descriptions and other data of a root into an archive')
            [CompletionResult]::new('audit', 'audit', [CompletionResultType]::ParameterValue, 'List who did what')
            [CompletionResult]::new('health', 'health', [CompletionResultType]::ParameterValue, 'Ask the server of this configuration whether it is ready')
            [CompletionResult]::new('image', 'image', [CompletionResultType]::ParameterValue, 'Write a container image of regctl, which docker and podman load')
            [CompletionResult]::new('setup', 'setup', [CompletionResultType]::ParameterValue, 'Print a complete file for systemd, Docker Compose, Kubernetes, nginx or cron')
            [CompletionResult]::new('user', 'user', [CompletionResultType]::ParameterValue, 'Create and change accounts')
            [CompletionResult]::new('group', 'group', [CompletionResultType]::ParameterValue, 'Create and change groups of accounts')
            [CompletionResult]::new('token', 'token', [CompletionResultType]::ParameterValue, 'Create and revoke tokens')
            [CompletionResult]::new('grant', 'grant', [CompletionResultType]::ParameterValue, 'Grant rights')
            [CompletionResult]::new('revoke', 'revoke', [CompletionResultType]::ParameterValue, 'Revoke rights')
            [CompletionResult]::new('rights', 'rights', [CompletionResultType]::ParameterValue, 'List who may do what, and why')
            [CompletionResult]::new('visibility', 'visibility', [CompletionResultType]::ParameterValue, 'Make a repository public or private')
            [CompletionResult]::new('describe', 'describe', [CompletionResultType]::ParameterValue, 'Describe a repository')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completions for a shell')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'regctl;serve' {
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'The address to listen on; port 0 means a free one [default: 127.0.0.1:5000]')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'Use TLS: `self-signed` with this server''s own authority, `acme` with a certificate of Let''s Encrypt or another ACME directory, or with these two files')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'An additional name or address of this host for clients; with --tls self-signed')
            [CompletionResult]::new('--acme-directory', '--acme-directory', [CompletionResultType]::ParameterName, 'The ACME directory that issues the certificate [default: Let''s Encrypt]')
            [CompletionResult]::new('--acme-ca', '--acme-ca', [CompletionResultType]::ParameterName, 'The authority of the ACME directory''s own certificate, PEM [default: the system''s]')
            [CompletionResult]::new('--acme-email', '--acme-email', [CompletionResultType]::ParameterName, 'The address to which the ACME authority may send mail')
            [CompletionResult]::new('--acme-http', '--acme-http', [CompletionResultType]::ParameterName, 'Where to answer HTTP-01 challenges, as in :80; without it TLS-ALPN-01 is used')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration; without FILE the one at its usual places')
            [CompletionResult]::new('--accounts', '--accounts', [CompletionResultType]::ParameterName, 'Use regctl''s own accounts: see regctl user; anonymous callers can then only pull from public repositories')
            [CompletionResult]::new('--check', '--check', [CompletionResultType]::ParameterName, 'Describe the configuration and its ignored keys, and exit')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;frontend' {
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'The address to listen on; port 0 means a free one')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'Use TLS: `self-signed` with this server''s own authority, or with these two files')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'An additional name or address of this host; with --tls self-signed')
            [CompletionResult]::new('--base-path', '--base-path', [CompletionResultType]::ParameterName, 'The prefix of every link, behind a proxy that removes it')
            [CompletionResult]::new('--cache', '--cache', [CompletionResultType]::ParameterName, 'How long lists of the registry are cached; 0 for not at all')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Number of retries of a request that fails temporarily [default: 4]')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the registry''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;trust' {
            [CompletionResult]::new('--fingerprint', '--fingerprint', [CompletionResultType]::ParameterName, 'The expected fingerprint; the command then asks nothing')
            [CompletionResult]::new('--remove', '--remove', [CompletionResultType]::ParameterName, 'Remove the trust')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Accept any fingerprint without asking')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Accept any fingerprint without asking')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;doctor' {
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;catalog' {
            [CompletionResult]::new('--filter', '--filter', [CompletionResultType]::ParameterName, 'Show only matching names: `*` and `?` stop at a slash, `**` does not')
            [CompletionResult]::new('--sort', '--sort', [CompletionResultType]::ParameterName, 'Sort by name, or the last pushed or largest first')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Number of retries of a request that fails temporarily [default: 4]')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the registry''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;tags' {
            [CompletionResult]::new('--filter', '--filter', [CompletionResultType]::ParameterName, 'Show only matching tags')
            [CompletionResult]::new('--sort', '--sort', [CompletionResultType]::ParameterName, 'Sort by name, or the newest, largest, or highest version first')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Number of retries of a request that fails temporarily [default: 4]')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the registry''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;search' {
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Maximum number of results')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Number of retries of a request that fails temporarily [default: 4]')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the registry''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;star' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Number of retries of a request that fails temporarily [default: 4]')
            [CompletionResult]::new('--remove', '--remove', [CompletionResultType]::ParameterName, 'Remove the star')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the registry''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;manifest' {
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('inspect', 'inspect', [CompletionResultType]::ParameterValue, 'Describe a manifest and its content')
            [CompletionResult]::new('head', 'head', [CompletionResultType]::ParameterValue, 'Show a manifest''s digest, type and length, without fetching it')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'regctl;manifest;inspect' {
            [CompletionResult]::new('--platform', '--platform', [CompletionResultType]::ParameterName, 'Show the image for this platform from an index')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Number of retries of a request that fails temporarily [default: 4]')
            [CompletionResult]::new('--raw', '--raw', [CompletionResultType]::ParameterName, 'Print the stored bytes of the manifest')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the registry''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;manifest;head' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Number of retries of a request that fails temporarily [default: 4]')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the registry''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;manifest;help' {
            [CompletionResult]::new('inspect', 'inspect', [CompletionResultType]::ParameterValue, 'Describe a manifest and its content')
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
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Number of retries of a request that fails temporarily [default: 4]')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the registry''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;delete' {
            [CompletionResult]::new('--repository', '--repository', [CompletionResultType]::ParameterName, 'A repository to delete with all its content; may be repeated')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Number of retries of a request that fails temporarily [default: 4]')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print what would be deleted, and delete nothing')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Delete a manifest even if this deletes several tags')
            [CompletionResult]::new('--ignore-missing', '--ignore-missing', [CompletionResultType]::ParameterName, 'Ignore what does not exist')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Delete several things without asking')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Delete several things without asking')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the registry''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;login' {
            [CompletionResult]::new('-u', '-u', [CompletionResultType]::ParameterName, 'The user; asked for on a terminal')
            [CompletionResult]::new('--username', '--username', [CompletionResultType]::ParameterName, 'The user; asked for on a terminal')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Number of retries of a request that fails temporarily [default: 4]')
            [CompletionResult]::new('--password-stdin', '--password-stdin', [CompletionResultType]::ParameterName, 'Read the password from standard input instead of the terminal')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the registry''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;logout' {
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Number of retries of a request that fails temporarily [default: 4]')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the registry''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;whoami' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Number of retries of a request that fails temporarily [default: 4]')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the registry''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;import' {
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'A prefix for all names, in this registry if it begins with one')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'The name of the one image, in this registry if it begins with one')
            [CompletionResult]::new('--map', '--map', [CompletionResultType]::ParameterName, 'Rename an image, a repository or, with a slash at its end, everything below it; may be repeated, the first match applies')
            [CompletionResult]::new('--platform', '--platform', [CompletionResultType]::ParameterName, 'Import only this platform of images with several')
            [CompletionResult]::new('--compression', '--compression', [CompletionResultType]::ParameterName, 'How to compress plain layers')
            [CompletionResult]::new('--level', '--level', [CompletionResultType]::ParameterName, 'Compression level: 1 is fast, 9 (for zstd 12) is small [default: 3]')
            [CompletionResult]::new('--staging', '--staging', [CompletionResultType]::ParameterName, 'The repository for layers from a pipe whose image is not known yet [default: regctl-import]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Number of retries of a request that fails temporarily [default: 4]')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the registry''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;import-v1' {
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'A prefix for all names, in this registry if it begins with one')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'The name of the one image, in this registry if it begins with one')
            [CompletionResult]::new('--map', '--map', [CompletionResultType]::ParameterName, 'Rename an image, a repository or, with a slash at its end, everything below it; may be repeated, the first match applies')
            [CompletionResult]::new('--platform', '--platform', [CompletionResultType]::ParameterName, 'Import only this platform of images with several')
            [CompletionResult]::new('--compression', '--compression', [CompletionResultType]::ParameterName, 'How to compress plain layers')
            [CompletionResult]::new('--level', '--level', [CompletionResultType]::ParameterName, 'Compression level: 1 is fast, 9 (for zstd 12) is small [default: 3]')
            [CompletionResult]::new('--staging', '--staging', [CompletionResultType]::ParameterName, 'The repository for layers from a pipe whose image is not known yet [default: regctl-import]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Number of retries of a request that fails temporarily [default: 4]')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the registry''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;export' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The file to write; without it, or with -, stdout')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The file to write; without it, or with -, stdout')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'docker: every client loads it; oci: an OCI image layout only')
            [CompletionResult]::new('--platform', '--platform', [CompletionResultType]::ParameterName, 'Export only the image for this platform from an index; may be repeated')
            [CompletionResult]::new('--without', '--without', [CompletionResultType]::ParameterName, 'Leave out the layers of this image, which the destination has; may be repeated')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Number of retries of a request that fails temporarily [default: 4]')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the registry''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;copy' {
            [CompletionResult]::new('--match', '--match', [CompletionResultType]::ParameterName, 'Copy only matching tags')
            [CompletionResult]::new('--platform', '--platform', [CompletionResultType]::ParameterName, 'Copy only the image for this platform from an index')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Number of blobs that move at once')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'Number of blobs that move at once')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Number of retries of a request that fails temporarily [default: 4]')
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Copy every tag of a repository')
            [CompletionResult]::new('--all-tags', '--all-tags', [CompletionResultType]::ParameterName, 'Copy every tag of a repository')
            [CompletionResult]::new('--referrers', '--referrers', [CompletionResultType]::ParameterName, 'Copy signatures and other referrers of the images as well')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print what would be done, and do nothing')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the registry''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;sync' {
            [CompletionResult]::new('--match', '--match', [CompletionResultType]::ParameterName, 'Only matching tags, on both sides')
            [CompletionResult]::new('--platform', '--platform', [CompletionResultType]::ParameterName, 'Copy only the image for this platform from an index')
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Number of blobs that move at once')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'Number of blobs that move at once')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Number of retries of a request that fails temporarily [default: 4]')
            [CompletionResult]::new('--delete', '--delete', [CompletionResultType]::ParameterName, 'Delete the tags that the source does not have')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Delete without asking')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Delete without asking')
            [CompletionResult]::new('--referrers', '--referrers', [CompletionResultType]::ParameterName, 'Copy signatures and other referrers of the images as well')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print what would be done, and do nothing')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the registry''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print every request on stderr')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;gc' {
            [CompletionResult]::new('--older-than', '--older-than', [CompletionResultType]::ParameterName, 'Only manifests pushed longer ago')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print what would be deleted, and delete nothing')
            [CompletionResult]::new('--untagged', '--untagged', [CompletionResultType]::ParameterName, 'Also delete manifests that no tag, index or subject holds')
            [CompletionResult]::new('--empty-trash', '--empty-trash', [CompletionResultType]::ParameterName, 'Empty the trash first')
            [CompletionResult]::new('--end-leases', '--end-leases', [CompletionResultType]::ParameterName, 'End all leases first; refused while a client pushes or pulls')
            [CompletionResult]::new('--status', '--status', [CompletionResultType]::ParameterName, 'Show the running collection and the results of the last ones')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;prune' {
            [CompletionResult]::new('--keep-last', '--keep-last', [CompletionResultType]::ParameterName, 'Keep this many tags, the last pushed ones')
            [CompletionResult]::new('--older-than', '--older-than', [CompletionResultType]::ParameterName, 'Only delete tags pushed longer ago')
            [CompletionResult]::new('--match', '--match', [CompletionResultType]::ParameterName, 'Only delete matching tags; may be repeated')
            [CompletionResult]::new('--exclude', '--exclude', [CompletionResultType]::ParameterName, 'Keep matching tags; may be repeated')
            [CompletionResult]::new('--not-pulled-for', '--not-pulled-for', [CompletionResultType]::ParameterName, 'Only delete tags that have not been pulled for this long')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Allow deleting every tag of a repository')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print what would be deleted, and delete nothing')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Delete several things without asking')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Delete several things without asking')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;retention' {
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List retention rules')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List retention rules')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Save a retention rule')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove a saved retention rule')
            [CompletionResult]::new('rm', 'rm', [CompletionResultType]::ParameterValue, 'Remove a saved retention rule')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'regctl;retention;list' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;retention;ls' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;retention;add' {
            [CompletionResult]::new('--keep-last', '--keep-last', [CompletionResultType]::ParameterName, 'Keep this many tags, the last pushed ones')
            [CompletionResult]::new('--older-than', '--older-than', [CompletionResultType]::ParameterName, 'Only delete tags pushed longer ago')
            [CompletionResult]::new('--match', '--match', [CompletionResultType]::ParameterName, 'Only delete matching tags; may be repeated')
            [CompletionResult]::new('--exclude', '--exclude', [CompletionResultType]::ParameterName, 'Keep matching tags; may be repeated')
            [CompletionResult]::new('--not-pulled-for', '--not-pulled-for', [CompletionResultType]::ParameterName, 'Only delete tags that have not been pulled for this long')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Allow deleting every tag of a repository')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;retention;remove' {
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;retention;rm' {
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;retention;help' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List retention rules')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Save a retention rule')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove a saved retention rule')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'regctl;retention;help;list' {
            break
        }
        'regctl;retention;help;add' {
            break
        }
        'regctl;retention;help;remove' {
            break
        }
        'regctl;retention;help;help' {
            break
        }
        'regctl;trash' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--empty', '--empty', [CompletionResultType]::ParameterName, 'Empty the trash; the next gc frees the bytes')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;restore' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;du' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;check' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--read', '--read', [CompletionResultType]::ParameterName, 'Read all content, and compare it with its digests')
            [CompletionResult]::new('--repair', '--repair', [CompletionResultType]::ParameterName, 'Add missing links and rows, and move unknown files to lost+found')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;backup' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The file to write; without it, or with -, stdout')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The file to write; without it, or with -, stdout')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;audit' {
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'Only events of this account, including its tokens, or of workload:RULE')
            [CompletionResult]::new('--repo', '--repo', [CompletionResultType]::ParameterName, 'Only events in this repository')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Only from this time on: an age as in 24h or 7d, a date, or a time as in 2026-01-31T12:00:00Z; without an offset as in +01:00 both are in UTC')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Only before this time')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Maximum number of lines, the latest ones; 0 for all')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;health' {
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'The address of the server [default: from its configuration]')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
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
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;setup' {
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'The address of the registry [default: from its configuration]')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;user' {
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Create an account')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List accounts')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List accounts')
            [CompletionResult]::new('passwd', 'passwd', [CompletionResultType]::ParameterValue, 'Set the password of an account')
            [CompletionResult]::new('disable', 'disable', [CompletionResultType]::ParameterValue, 'Disable the sign-in of an account and its tokens')
            [CompletionResult]::new('enable', 'enable', [CompletionResultType]::ParameterValue, 'Let a disabled account sign in again')
            [CompletionResult]::new('promote', 'promote', [CompletionResultType]::ParameterValue, 'Make an account an administrator')
            [CompletionResult]::new('demote', 'demote', [CompletionResultType]::ParameterValue, 'Revoke the admin right of an account')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove an account with its grants and tokens')
            [CompletionResult]::new('rm', 'rm', [CompletionResultType]::ParameterValue, 'Remove an account with its grants and tokens')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Create accounts from a file')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'regctl;user;add' {
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--admin', '--admin', [CompletionResultType]::ParameterName, 'Allow it to administer the registry, and to pull, push and delete everywhere')
            [CompletionResult]::new('--password-stdin', '--password-stdin', [CompletionResultType]::ParameterName, 'Read the password from standard input')
            [CompletionResult]::new('--no-password', '--no-password', [CompletionResultType]::ParameterName, 'Create it without a password; it signs in with tokens only')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;user;list' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;user;ls' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;user;passwd' {
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--password-stdin', '--password-stdin', [CompletionResultType]::ParameterName, 'Read the password from standard input')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;user;disable' {
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;user;enable' {
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;user;promote' {
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;user;demote' {
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;user;remove' {
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;user;rm' {
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;user;import' {
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;user;help' {
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Create an account')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List accounts')
            [CompletionResult]::new('passwd', 'passwd', [CompletionResultType]::ParameterValue, 'Set the password of an account')
            [CompletionResult]::new('disable', 'disable', [CompletionResultType]::ParameterValue, 'Disable the sign-in of an account and its tokens')
            [CompletionResult]::new('enable', 'enable', [CompletionResultType]::ParameterValue, 'Let a disabled account sign in again')
            [CompletionResult]::new('promote', 'promote', [CompletionResultType]::ParameterValue, 'Make an account an administrator')
            [CompletionResult]::new('demote', 'demote', [CompletionResultType]::ParameterValue, 'Revoke the admin right of an account')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove an account with its grants and tokens')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Create accounts from a file')
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
        'regctl;user;help;promote' {
            break
        }
        'regctl;user;help;demote' {
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
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add accounts to a group, creating it if necessary')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove accounts from a group; without any, remove the group')
            [CompletionResult]::new('rm', 'rm', [CompletionResultType]::ParameterValue, 'Remove accounts from a group; without any, remove the group')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List groups')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List groups')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'regctl;group;add' {
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;group;remove' {
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;group;rm' {
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;group;list' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;group;ls' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;group;help' {
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add accounts to a group, creating it if necessary')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove accounts from a group; without any, remove the group')
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
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('create', 'create', [CompletionResultType]::ParameterValue, 'Create a token; it is shown once')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List tokens')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List tokens')
            [CompletionResult]::new('revoke', 'revoke', [CompletionResultType]::ParameterValue, 'Revoke tokens')
            [CompletionResult]::new('rm', 'rm', [CompletionResultType]::ParameterValue, 'Revoke tokens')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'regctl;token;create' {
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'The account that owns the token')
            [CompletionResult]::new('--robot', '--robot', [CompletionResultType]::ParameterName, 'The robot that owns the token')
            [CompletionResult]::new('--scope', '--scope', [CompletionResultType]::ParameterName, 'PATTERN:RIGHTS, as in team/*:pull,push [default: all rights of the account]')
            [CompletionResult]::new('--expires', '--expires', [CompletionResultType]::ParameterName, 'Its lifetime, as in 30d, at least 1m [default: unlimited]')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;token;list' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;token;ls' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;token;revoke' {
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'The account or robot that owns the token')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;token;rm' {
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'The account or robot that owns the token')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;token;help' {
            [CompletionResult]::new('create', 'create', [CompletionResultType]::ParameterValue, 'Create a token; it is shown once')
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
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;revoke' {
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;rights' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The output format')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;visibility' {
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;describe' {
            [CompletionResult]::new('--text', '--text', [CompletionResultType]::ParameterName, 'The description')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'A file with the description')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'The data directory [default: the user''s]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'A registry:2 configuration with the directory; without FILE the one at its usual places')
            [CompletionResult]::new('--registry', '--registry', [CompletionResultType]::ParameterName, 'The server of the root, over the network, as an account with the admin right')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use https without verifying the server''s certificate')
            [CompletionResult]::new('--plain-http', '--plain-http', [CompletionResultType]::ParameterName, 'Use http, and send credentials over it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;completions' {
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only data and errors: no progress, notes, warnings or reports')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'regctl;help' {
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Run a registry')
            [CompletionResult]::new('frontend', 'frontend', [CompletionResultType]::ParameterValue, 'Serve pages for another registry')
            [CompletionResult]::new('trust', 'trust', [CompletionResultType]::ParameterValue, 'Let docker, podman and containerd on this machine trust a registry''s certificate')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Diagnose what clients on this machine will encounter at a registry, or a server''s certificate')
            [CompletionResult]::new('catalog', 'catalog', [CompletionResultType]::ParameterValue, 'List the repositories of a registry')
            [CompletionResult]::new('tags', 'tags', [CompletionResultType]::ParameterValue, 'List the tags of a repository')
            [CompletionResult]::new('search', 'search', [CompletionResultType]::ParameterValue, 'Search for repositories')
            [CompletionResult]::new('star', 'star', [CompletionResultType]::ParameterValue, 'Star a repository')
            [CompletionResult]::new('manifest', 'manifest', [CompletionResultType]::ParameterValue, 'Commands for single manifests')
            [CompletionResult]::new('digest', 'digest', [CompletionResultType]::ParameterValue, 'Print a manifest''s digest')
            [CompletionResult]::new('delete', 'delete', [CompletionResultType]::ParameterValue, 'Delete tags, manifests and repositories')
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Sign in to a registry')
            [CompletionResult]::new('logout', 'logout', [CompletionResultType]::ParameterValue, 'Sign out of a registry')
            [CompletionResult]::new('whoami', 'whoami', [CompletionResultType]::ParameterValue, 'Show who is signed in to a registry')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Import the images of an archive into a registry')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Write images into an archive that docker, podman and containerd load')
            [CompletionResult]::new('copy', 'copy', [CompletionResultType]::ParameterValue, 'Copy images between registries and repositories')
            [CompletionResult]::new('sync', 'sync', [CompletionResultType]::ParameterValue, 'Make the tags of a repository equal to those of another')
            [CompletionResult]::new('gc', 'gc', [CompletionResultType]::ParameterValue, 'Collect garbage')
            [CompletionResult]::new('prune', 'prune', [CompletionResultType]::ParameterValue, 'Delete tags by a rule, and the manifests that nothing holds afterwards')
            [CompletionResult]::new('retention', 'retention', [CompletionResultType]::ParameterValue, 'List and change the rules by which the server deletes tags')
            [CompletionResult]::new('trash', 'trash', [CompletionResultType]::ParameterValue, 'List deletions that can be restored')
            [CompletionResult]::new('restore', 'restore', [CompletionResultType]::ParameterValue, 'Restore deletions from the trash')
            [CompletionResult]::new('du', 'du', [CompletionResultType]::ParameterValue, 'Show the disk usage of repositories and tags')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Compare the data with the index')
            [CompletionResult]::new('backup', 'backup', [CompletionResultType]::ParameterValue, 'Write accounts, rights, descriptions and other data of a root into an archive')
            [CompletionResult]::new('audit', 'audit', [CompletionResultType]::ParameterValue, 'List who did what')
            [CompletionResult]::new('health', 'health', [CompletionResultType]::ParameterValue, 'Ask the server of this configuration whether it is ready')
            [CompletionResult]::new('image', 'image', [CompletionResultType]::ParameterValue, 'Write a container image of regctl, which docker and podman load')
            [CompletionResult]::new('setup', 'setup', [CompletionResultType]::ParameterValue, 'Print a complete file for systemd, Docker Compose, Kubernetes, nginx or cron')
            [CompletionResult]::new('user', 'user', [CompletionResultType]::ParameterValue, 'Create and change accounts')
            [CompletionResult]::new('group', 'group', [CompletionResultType]::ParameterValue, 'Create and change groups of accounts')
            [CompletionResult]::new('token', 'token', [CompletionResultType]::ParameterValue, 'Create and revoke tokens')
            [CompletionResult]::new('grant', 'grant', [CompletionResultType]::ParameterValue, 'Grant rights')
            [CompletionResult]::new('revoke', 'revoke', [CompletionResultType]::ParameterValue, 'Revoke rights')
            [CompletionResult]::new('rights', 'rights', [CompletionResultType]::ParameterValue, 'List who may do what, and why')
            [CompletionResult]::new('visibility', 'visibility', [CompletionResultType]::ParameterValue, 'Make a repository public or private')
            [CompletionResult]::new('describe', 'describe', [CompletionResultType]::ParameterValue, 'Describe a repository')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completions for a shell')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'regctl;help;serve' {
            break
        }
        'regctl;help;frontend' {
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
        'regctl;help;search' {
            break
        }
        'regctl;help;star' {
            break
        }
        'regctl;help;manifest' {
            [CompletionResult]::new('inspect', 'inspect', [CompletionResultType]::ParameterValue, 'Describe a manifest and its content')
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
        'regctl;help;retention' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List retention rules')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Save a retention rule')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove a saved retention rule')
            break
        }
        'regctl;help;retention;list' {
            break
        }
        'regctl;help;retention;add' {
            break
        }
        'regctl;help;retention;remove' {
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
        'regctl;help;backup' {
            break
        }
        'regctl;help;audit' {
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
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Create an account')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List accounts')
            [CompletionResult]::new('passwd', 'passwd', [CompletionResultType]::ParameterValue, 'Set the password of an account')
            [CompletionResult]::new('disable', 'disable', [CompletionResultType]::ParameterValue, 'Disable the sign-in of an account and its tokens')
            [CompletionResult]::new('enable', 'enable', [CompletionResultType]::ParameterValue, 'Let a disabled account sign in again')
            [CompletionResult]::new('promote', 'promote', [CompletionResultType]::ParameterValue, 'Make an account an administrator')
            [CompletionResult]::new('demote', 'demote', [CompletionResultType]::ParameterValue, 'Revoke the admin right of an account')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove an account with its grants and tokens')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Create accounts from a file')
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
        'regctl;help;user;promote' {
            break
        }
        'regctl;help;user;demote' {
            break
        }
        'regctl;help;user;remove' {
            break
        }
        'regctl;help;user;import' {
            break
        }
        'regctl;help;group' {
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add accounts to a group, creating it if necessary')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove accounts from a group; without any, remove the group')
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
            [CompletionResult]::new('create', 'create', [CompletionResultType]::ParameterValue, 'Create a token; it is shown once')
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
        'regctl;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
