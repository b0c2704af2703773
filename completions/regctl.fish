# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_regctl_global_optspecs
    string join \n registry= insecure plain-http retries= v/verbose q/quiet h/help V/version
end

function __fish_regctl_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_regctl_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_regctl_using_subcommand
    set -l cmd (__fish_regctl_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c regctl -n "__fish_regctl_needs_command" -l registry -r
complete -c regctl -n "__fish_regctl_needs_command" -l retries -r
complete -c regctl -n "__fish_regctl_needs_command" -l insecure
complete -c regctl -n "__fish_regctl_needs_command" -l plain-http
complete -c regctl -n "__fish_regctl_needs_command" -s v -l verbose
complete -c regctl -n "__fish_regctl_needs_command" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_needs_command" -s h -l help -d 'Print help'
complete -c regctl -n "__fish_regctl_needs_command" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "serve" -d 'Run a registry'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "frontend" -d 'Serve pages for another registry'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "trust" -d 'Let docker, podman and containerd on this machine trust a registry\'s certificate'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "doctor" -d 'Diagnose what clients on this machine will encounter at a registry, or a server\'s certificate'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "catalog" -d 'List the repositories of a registry'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "tags" -d 'List the tags of a repository'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "search" -d 'Search for repositories'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "star" -d 'Star a repository'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "manifest" -d 'Commands for single manifests'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "digest" -d 'Print a manifest\'s digest'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "delete" -d 'Delete tags, manifests and repositories'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "login" -d 'Sign in to a registry'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "logout" -d 'Sign out of a registry'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "whoami" -d 'Show who is signed in to a registry'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "import" -d 'Import the images of an archive into a registry'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "import-v1" -d 'Import the images of an archive into a registry'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "export" -d 'Write images into an archive that docker, podman and containerd load'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "copy" -d 'Copy images between registries and repositories'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "sync" -d 'Make the tags of a repository equal to those of another'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "gc" -d 'Collect garbage'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "prune" -d 'Delete tags by a rule, and the manifests that nothing holds afterwards'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "retention" -d 'List and change the rules by which the server deletes tags'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "trash" -d 'List deletions that can be restored'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "restore" -d 'Restore deletions from the trash'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "du" -d 'Show the disk usage of repositories and tags'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "check" -d 'Compare the data with the index'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "backup" -d 'Write accounts, rights, descriptions and other data of a root into an archive'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "audit" -d 'List who did what'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "health" -d 'Ask the server of this configuration whether it is ready'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "image" -d 'Write a container image of regctl, which docker and podman load'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "setup" -d 'Print a complete file for systemd, Docker Compose, Kubernetes, nginx or cron'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "user" -d 'Create and change accounts'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "group" -d 'Create and change groups of accounts'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "token" -d 'Create and revoke tokens'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "grant" -d 'Grant rights'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "revoke" -d 'Revoke rights'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "rights" -d 'List who may do what, and why'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "visibility" -d 'Make a repository public or private'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "describe" -d 'Describe a repository'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "completions" -d 'Print the completions for a shell'
complete -c regctl -n "__fish_regctl_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c regctl -n "__fish_regctl_using_subcommand serve" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand serve" -l listen -d 'The address to listen on; port 0 means a free one [default: 127.0.0.1:5000]' -r
complete -c regctl -n "__fish_regctl_using_subcommand serve" -l tls -d 'Use TLS: `self-signed` with this server\'s own authority, `acme` with a certificate of Let\'s Encrypt or another ACME directory, or with these two files' -r
complete -c regctl -n "__fish_regctl_using_subcommand serve" -l host -d 'An additional name or address of this host for clients; with --tls self-signed' -r
complete -c regctl -n "__fish_regctl_using_subcommand serve" -l acme-directory -d 'The ACME directory that issues the certificate [default: Let\'s Encrypt]' -r
complete -c regctl -n "__fish_regctl_using_subcommand serve" -l acme-ca -d 'The authority of the ACME directory\'s own certificate, PEM [default: the system\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand serve" -l acme-email -d 'The address to which the ACME authority may send mail' -r
complete -c regctl -n "__fish_regctl_using_subcommand serve" -l acme-http -d 'Where to answer HTTP-01 challenges, as in :80; without it TLS-ALPN-01 is used' -r
complete -c regctl -n "__fish_regctl_using_subcommand serve" -l config -d 'A registry:2 configuration; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand serve" -l accounts -d 'Use regctl\'s own accounts: see regctl user; anonymous callers can then only pull from public repositories'
complete -c regctl -n "__fish_regctl_using_subcommand serve" -l check -d 'Describe the configuration and its ignored keys, and exit'
complete -c regctl -n "__fish_regctl_using_subcommand serve" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand serve" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand frontend" -l listen -d 'The address to listen on; port 0 means a free one' -r
complete -c regctl -n "__fish_regctl_using_subcommand frontend" -l tls -d 'Use TLS: `self-signed` with this server\'s own authority, or with these two files' -r
complete -c regctl -n "__fish_regctl_using_subcommand frontend" -l host -d 'An additional name or address of this host; with --tls self-signed' -r
complete -c regctl -n "__fish_regctl_using_subcommand frontend" -l base-path -d 'The prefix of every link, behind a proxy that removes it' -r
complete -c regctl -n "__fish_regctl_using_subcommand frontend" -l cache -d 'How long lists of the registry are cached; 0 for not at all' -r
complete -c regctl -n "__fish_regctl_using_subcommand frontend" -l registry -d 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]' -r
complete -c regctl -n "__fish_regctl_using_subcommand frontend" -l retries -d 'Number of retries of a request that fails temporarily [default: 4]' -r
complete -c regctl -n "__fish_regctl_using_subcommand frontend" -l insecure -d 'Use https without verifying the registry\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand frontend" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand frontend" -s v -l verbose -d 'Print every request on stderr'
complete -c regctl -n "__fish_regctl_using_subcommand frontend" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand frontend" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand frontend" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand trust" -l fingerprint -d 'The expected fingerprint; the command then asks nothing' -r
complete -c regctl -n "__fish_regctl_using_subcommand trust" -l remove -d 'Remove the trust'
complete -c regctl -n "__fish_regctl_using_subcommand trust" -s y -l yes -d 'Accept any fingerprint without asking'
complete -c regctl -n "__fish_regctl_using_subcommand trust" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand trust" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand trust" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand doctor" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand doctor" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand doctor" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand doctor" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand doctor" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand doctor" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand doctor" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand catalog" -l filter -d 'Show only matching names: `*` and `?` stop at a slash, `**` does not' -r
complete -c regctl -n "__fish_regctl_using_subcommand catalog" -l sort -d 'Sort by name, or the last pushed or largest first' -r -f -a "name\t'By name'
created\t'Last pushed first'
size\t'Largest first'"
complete -c regctl -n "__fish_regctl_using_subcommand catalog" -s o -l output -d 'The output format' -r -f -a "table\t'Columns or lines for a person'
json\t'JSON, with exact sizes and, unless the command says otherwise, RFC 3339 times'
name\t'Only the names, one a line'"
complete -c regctl -n "__fish_regctl_using_subcommand catalog" -l registry -d 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]' -r
complete -c regctl -n "__fish_regctl_using_subcommand catalog" -l retries -d 'Number of retries of a request that fails temporarily [default: 4]' -r
complete -c regctl -n "__fish_regctl_using_subcommand catalog" -l insecure -d 'Use https without verifying the registry\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand catalog" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand catalog" -s v -l verbose -d 'Print every request on stderr'
complete -c regctl -n "__fish_regctl_using_subcommand catalog" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand catalog" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand catalog" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand tags" -l filter -d 'Show only matching tags' -r
complete -c regctl -n "__fish_regctl_using_subcommand tags" -l sort -d 'Sort by name, or the newest, largest, or highest version first' -r -f -a "name\t'By name'
created\t'Newest first'
size\t'Largest first'
semver\t'Highest version first'"
complete -c regctl -n "__fish_regctl_using_subcommand tags" -s o -l output -d 'The output format' -r -f -a "table\t'Columns or lines for a person'
json\t'JSON, with exact sizes and, unless the command says otherwise, RFC 3339 times'
name\t'Only the names, one a line'"
complete -c regctl -n "__fish_regctl_using_subcommand tags" -l registry -d 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]' -r
complete -c regctl -n "__fish_regctl_using_subcommand tags" -l retries -d 'Number of retries of a request that fails temporarily [default: 4]' -r
complete -c regctl -n "__fish_regctl_using_subcommand tags" -l insecure -d 'Use https without verifying the registry\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand tags" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand tags" -s v -l verbose -d 'Print every request on stderr'
complete -c regctl -n "__fish_regctl_using_subcommand tags" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand tags" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand tags" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand search" -l limit -d 'Maximum number of results' -r
complete -c regctl -n "__fish_regctl_using_subcommand search" -s o -l output -d 'The output format' -r -f -a "table\t'Columns or lines for a person'
json\t'JSON, with exact sizes and, unless the command says otherwise, RFC 3339 times'
name\t'Only the names, one a line'"
complete -c regctl -n "__fish_regctl_using_subcommand search" -l registry -d 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]' -r
complete -c regctl -n "__fish_regctl_using_subcommand search" -l retries -d 'Number of retries of a request that fails temporarily [default: 4]' -r
complete -c regctl -n "__fish_regctl_using_subcommand search" -l insecure -d 'Use https without verifying the registry\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand search" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand search" -s v -l verbose -d 'Print every request on stderr'
complete -c regctl -n "__fish_regctl_using_subcommand search" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand search" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand search" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand star" -l registry -d 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]' -r
complete -c regctl -n "__fish_regctl_using_subcommand star" -l retries -d 'Number of retries of a request that fails temporarily [default: 4]' -r
complete -c regctl -n "__fish_regctl_using_subcommand star" -l remove -d 'Remove the star'
complete -c regctl -n "__fish_regctl_using_subcommand star" -l insecure -d 'Use https without verifying the registry\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand star" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand star" -s v -l verbose -d 'Print every request on stderr'
complete -c regctl -n "__fish_regctl_using_subcommand star" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand star" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand star" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand manifest; and not __fish_seen_subcommand_from inspect head help" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand manifest; and not __fish_seen_subcommand_from inspect head help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand manifest; and not __fish_seen_subcommand_from inspect head help" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand manifest; and not __fish_seen_subcommand_from inspect head help" -f -a "inspect" -d 'Describe a manifest and its content'
complete -c regctl -n "__fish_regctl_using_subcommand manifest; and not __fish_seen_subcommand_from inspect head help" -f -a "head" -d 'Show a manifest\'s digest, type and length, without fetching it'
complete -c regctl -n "__fish_regctl_using_subcommand manifest; and not __fish_seen_subcommand_from inspect head help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c regctl -n "__fish_regctl_using_subcommand manifest; and __fish_seen_subcommand_from inspect" -l platform -d 'Show the image for this platform from an index' -r
complete -c regctl -n "__fish_regctl_using_subcommand manifest; and __fish_seen_subcommand_from inspect" -s o -l output -d 'The output format' -r -f -a "table\t'Columns or lines for a person'
json\t'JSON, with exact sizes and, unless the command says otherwise, RFC 3339 times'
name\t'Only the names, one a line'"
complete -c regctl -n "__fish_regctl_using_subcommand manifest; and __fish_seen_subcommand_from inspect" -l registry -d 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]' -r
complete -c regctl -n "__fish_regctl_using_subcommand manifest; and __fish_seen_subcommand_from inspect" -l retries -d 'Number of retries of a request that fails temporarily [default: 4]' -r
complete -c regctl -n "__fish_regctl_using_subcommand manifest; and __fish_seen_subcommand_from inspect" -l raw -d 'Print the stored bytes of the manifest'
complete -c regctl -n "__fish_regctl_using_subcommand manifest; and __fish_seen_subcommand_from inspect" -l insecure -d 'Use https without verifying the registry\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand manifest; and __fish_seen_subcommand_from inspect" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand manifest; and __fish_seen_subcommand_from inspect" -s v -l verbose -d 'Print every request on stderr'
complete -c regctl -n "__fish_regctl_using_subcommand manifest; and __fish_seen_subcommand_from inspect" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand manifest; and __fish_seen_subcommand_from inspect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand manifest; and __fish_seen_subcommand_from inspect" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand manifest; and __fish_seen_subcommand_from head" -s o -l output -d 'The output format' -r -f -a "table\t'Columns or lines for a person'
json\t'JSON, with exact sizes and, unless the command says otherwise, RFC 3339 times'
name\t'Only the names, one a line'"
complete -c regctl -n "__fish_regctl_using_subcommand manifest; and __fish_seen_subcommand_from head" -l registry -d 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]' -r
complete -c regctl -n "__fish_regctl_using_subcommand manifest; and __fish_seen_subcommand_from head" -l retries -d 'Number of retries of a request that fails temporarily [default: 4]' -r
complete -c regctl -n "__fish_regctl_using_subcommand manifest; and __fish_seen_subcommand_from head" -l insecure -d 'Use https without verifying the registry\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand manifest; and __fish_seen_subcommand_from head" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand manifest; and __fish_seen_subcommand_from head" -s v -l verbose -d 'Print every request on stderr'
complete -c regctl -n "__fish_regctl_using_subcommand manifest; and __fish_seen_subcommand_from head" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand manifest; and __fish_seen_subcommand_from head" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand manifest; and __fish_seen_subcommand_from head" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand manifest; and __fish_seen_subcommand_from help" -f -a "inspect" -d 'Describe a manifest and its content'
complete -c regctl -n "__fish_regctl_using_subcommand manifest; and __fish_seen_subcommand_from help" -f -a "head" -d 'Show a manifest\'s digest, type and length, without fetching it'
complete -c regctl -n "__fish_regctl_using_subcommand manifest; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c regctl -n "__fish_regctl_using_subcommand digest" -l registry -d 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]' -r
complete -c regctl -n "__fish_regctl_using_subcommand digest" -l retries -d 'Number of retries of a request that fails temporarily [default: 4]' -r
complete -c regctl -n "__fish_regctl_using_subcommand digest" -l insecure -d 'Use https without verifying the registry\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand digest" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand digest" -s v -l verbose -d 'Print every request on stderr'
complete -c regctl -n "__fish_regctl_using_subcommand digest" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand digest" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand digest" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand delete" -l repository -d 'A repository to delete with all its content; may be repeated' -r
complete -c regctl -n "__fish_regctl_using_subcommand delete" -s o -l output -d 'The output format' -r -f -a "table\t'Columns or lines for a person'
json\t'JSON, with exact sizes and, unless the command says otherwise, RFC 3339 times'
name\t'Only the names, one a line'"
complete -c regctl -n "__fish_regctl_using_subcommand delete" -l registry -d 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]' -r
complete -c regctl -n "__fish_regctl_using_subcommand delete" -l retries -d 'Number of retries of a request that fails temporarily [default: 4]' -r
complete -c regctl -n "__fish_regctl_using_subcommand delete" -l dry-run -d 'Print what would be deleted, and delete nothing'
complete -c regctl -n "__fish_regctl_using_subcommand delete" -l force -d 'Delete a manifest even if this deletes several tags'
complete -c regctl -n "__fish_regctl_using_subcommand delete" -l ignore-missing -d 'Ignore what does not exist'
complete -c regctl -n "__fish_regctl_using_subcommand delete" -s y -l yes -d 'Delete several things without asking'
complete -c regctl -n "__fish_regctl_using_subcommand delete" -l insecure -d 'Use https without verifying the registry\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand delete" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand delete" -s v -l verbose -d 'Print every request on stderr'
complete -c regctl -n "__fish_regctl_using_subcommand delete" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand delete" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand login" -s u -l username -d 'The user; asked for on a terminal' -r
complete -c regctl -n "__fish_regctl_using_subcommand login" -l registry -d 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]' -r
complete -c regctl -n "__fish_regctl_using_subcommand login" -l retries -d 'Number of retries of a request that fails temporarily [default: 4]' -r
complete -c regctl -n "__fish_regctl_using_subcommand login" -l password-stdin -d 'Read the password from standard input instead of the terminal'
complete -c regctl -n "__fish_regctl_using_subcommand login" -l insecure -d 'Use https without verifying the registry\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand login" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand login" -s v -l verbose -d 'Print every request on stderr'
complete -c regctl -n "__fish_regctl_using_subcommand login" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand login" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand login" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand logout" -l registry -d 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]' -r
complete -c regctl -n "__fish_regctl_using_subcommand logout" -l retries -d 'Number of retries of a request that fails temporarily [default: 4]' -r
complete -c regctl -n "__fish_regctl_using_subcommand logout" -l insecure -d 'Use https without verifying the registry\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand logout" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand logout" -s v -l verbose -d 'Print every request on stderr'
complete -c regctl -n "__fish_regctl_using_subcommand logout" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand logout" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand logout" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand whoami" -s o -l output -d 'The output format' -r -f -a "table\t'Columns or lines for a person'
json\t'JSON, with exact sizes and, unless the command says otherwise, RFC 3339 times'
name\t'Only the names, one a line'"
complete -c regctl -n "__fish_regctl_using_subcommand whoami" -l registry -d 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]' -r
complete -c regctl -n "__fish_regctl_using_subcommand whoami" -l retries -d 'Number of retries of a request that fails temporarily [default: 4]' -r
complete -c regctl -n "__fish_regctl_using_subcommand whoami" -l insecure -d 'Use https without verifying the registry\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand whoami" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand whoami" -s v -l verbose -d 'Print every request on stderr'
complete -c regctl -n "__fish_regctl_using_subcommand whoami" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand whoami" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand whoami" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand import" -l to -d 'A prefix for all names, in this registry if it begins with one' -r
complete -c regctl -n "__fish_regctl_using_subcommand import" -l name -d 'The name of the one image, in this registry if it begins with one' -r
complete -c regctl -n "__fish_regctl_using_subcommand import" -l map -d 'Rename an image, a repository or, with a slash at its end, everything below it; may be repeated, the first match applies' -r
complete -c regctl -n "__fish_regctl_using_subcommand import" -l platform -d 'Import only this platform of images with several' -r
complete -c regctl -n "__fish_regctl_using_subcommand import" -l compression -d 'How to compress plain layers' -r -f -a "gzip\t''
zstd\t''
none\t''"
complete -c regctl -n "__fish_regctl_using_subcommand import" -l level -d 'Compression level: 1 is fast, 9 (for zstd 12) is small [default: 3]' -r
complete -c regctl -n "__fish_regctl_using_subcommand import" -l staging -d 'The repository for layers from a pipe whose image is not known yet [default: regctl-import]' -r
complete -c regctl -n "__fish_regctl_using_subcommand import" -s o -l output -d 'The output format' -r -f -a "table\t'Columns or lines for a person'
json\t'JSON, with exact sizes and, unless the command says otherwise, RFC 3339 times'
name\t'Only the names, one a line'"
complete -c regctl -n "__fish_regctl_using_subcommand import" -l registry -d 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]' -r
complete -c regctl -n "__fish_regctl_using_subcommand import" -l retries -d 'Number of retries of a request that fails temporarily [default: 4]' -r
complete -c regctl -n "__fish_regctl_using_subcommand import" -l insecure -d 'Use https without verifying the registry\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand import" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand import" -s v -l verbose -d 'Print every request on stderr'
complete -c regctl -n "__fish_regctl_using_subcommand import" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand import" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand import-v1" -l to -d 'A prefix for all names, in this registry if it begins with one' -r
complete -c regctl -n "__fish_regctl_using_subcommand import-v1" -l name -d 'The name of the one image, in this registry if it begins with one' -r
complete -c regctl -n "__fish_regctl_using_subcommand import-v1" -l map -d 'Rename an image, a repository or, with a slash at its end, everything below it; may be repeated, the first match applies' -r
complete -c regctl -n "__fish_regctl_using_subcommand import-v1" -l platform -d 'Import only this platform of images with several' -r
complete -c regctl -n "__fish_regctl_using_subcommand import-v1" -l compression -d 'How to compress plain layers' -r -f -a "gzip\t''
zstd\t''
none\t''"
complete -c regctl -n "__fish_regctl_using_subcommand import-v1" -l level -d 'Compression level: 1 is fast, 9 (for zstd 12) is small [default: 3]' -r
complete -c regctl -n "__fish_regctl_using_subcommand import-v1" -l staging -d 'The repository for layers from a pipe whose image is not known yet [default: regctl-import]' -r
complete -c regctl -n "__fish_regctl_using_subcommand import-v1" -s o -l output -d 'The output format' -r -f -a "table\t'Columns or lines for a person'
json\t'JSON, with exact sizes and, unless the command says otherwise, RFC 3339 times'
name\t'Only the names, one a line'"
complete -c regctl -n "__fish_regctl_using_subcommand import-v1" -l registry -d 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]' -r
complete -c regctl -n "__fish_regctl_using_subcommand import-v1" -l retries -d 'Number of retries of a request that fails temporarily [default: 4]' -r
complete -c regctl -n "__fish_regctl_using_subcommand import-v1" -l insecure -d 'Use https without verifying the registry\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand import-v1" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand import-v1" -s v -l verbose -d 'Print every request on stderr'
complete -c regctl -n "__fish_regctl_using_subcommand import-v1" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand import-v1" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand import-v1" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand export" -s o -l output -d 'The file to write; without it, or with -, stdout' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand export" -l format -d 'docker: every client loads it; oci: an OCI image layout only' -r -f -a "docker\t''
oci\t''"
complete -c regctl -n "__fish_regctl_using_subcommand export" -l platform -d 'Export only the image for this platform from an index; may be repeated' -r
complete -c regctl -n "__fish_regctl_using_subcommand export" -l without -d 'Leave out the layers of this image, which the destination has; may be repeated' -r
complete -c regctl -n "__fish_regctl_using_subcommand export" -l registry -d 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]' -r
complete -c regctl -n "__fish_regctl_using_subcommand export" -l retries -d 'Number of retries of a request that fails temporarily [default: 4]' -r
complete -c regctl -n "__fish_regctl_using_subcommand export" -l insecure -d 'Use https without verifying the registry\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand export" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand export" -s v -l verbose -d 'Print every request on stderr'
complete -c regctl -n "__fish_regctl_using_subcommand export" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand export" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand copy" -l match -d 'Copy only matching tags' -r
complete -c regctl -n "__fish_regctl_using_subcommand copy" -l platform -d 'Copy only the image for this platform from an index' -r
complete -c regctl -n "__fish_regctl_using_subcommand copy" -s j -l jobs -d 'Number of blobs that move at once' -r
complete -c regctl -n "__fish_regctl_using_subcommand copy" -s o -l output -d 'The output format' -r -f -a "table\t'Columns or lines for a person'
json\t'JSON, with exact sizes and, unless the command says otherwise, RFC 3339 times'
name\t'Only the names, one a line'"
complete -c regctl -n "__fish_regctl_using_subcommand copy" -l registry -d 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]' -r
complete -c regctl -n "__fish_regctl_using_subcommand copy" -l retries -d 'Number of retries of a request that fails temporarily [default: 4]' -r
complete -c regctl -n "__fish_regctl_using_subcommand copy" -s a -l all-tags -d 'Copy every tag of a repository'
complete -c regctl -n "__fish_regctl_using_subcommand copy" -l referrers -d 'Copy signatures and other referrers of the images as well'
complete -c regctl -n "__fish_regctl_using_subcommand copy" -l dry-run -d 'Print what would be done, and do nothing'
complete -c regctl -n "__fish_regctl_using_subcommand copy" -l insecure -d 'Use https without verifying the registry\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand copy" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand copy" -s v -l verbose -d 'Print every request on stderr'
complete -c regctl -n "__fish_regctl_using_subcommand copy" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand copy" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand copy" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand sync" -l match -d 'Only matching tags, on both sides' -r
complete -c regctl -n "__fish_regctl_using_subcommand sync" -l platform -d 'Copy only the image for this platform from an index' -r
complete -c regctl -n "__fish_regctl_using_subcommand sync" -s j -l jobs -d 'Number of blobs that move at once' -r
complete -c regctl -n "__fish_regctl_using_subcommand sync" -s o -l output -d 'The output format' -r -f -a "table\t'Columns or lines for a person'
json\t'JSON, with exact sizes and, unless the command says otherwise, RFC 3339 times'
name\t'Only the names, one a line'"
complete -c regctl -n "__fish_regctl_using_subcommand sync" -l registry -d 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]' -r
complete -c regctl -n "__fish_regctl_using_subcommand sync" -l retries -d 'Number of retries of a request that fails temporarily [default: 4]' -r
complete -c regctl -n "__fish_regctl_using_subcommand sync" -l delete -d 'Delete the tags that the source does not have'
complete -c regctl -n "__fish_regctl_using_subcommand sync" -s y -l yes -d 'Delete without asking'
complete -c regctl -n "__fish_regctl_using_subcommand sync" -l referrers -d 'Copy signatures and other referrers of the images as well'
complete -c regctl -n "__fish_regctl_using_subcommand sync" -l dry-run -d 'Print what would be done, and do nothing'
complete -c regctl -n "__fish_regctl_using_subcommand sync" -l insecure -d 'Use https without verifying the registry\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand sync" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand sync" -s v -l verbose -d 'Print every request on stderr'
complete -c regctl -n "__fish_regctl_using_subcommand sync" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand sync" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand sync" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand gc" -l older-than -d 'Only manifests pushed longer ago' -r
complete -c regctl -n "__fish_regctl_using_subcommand gc" -s o -l output -d 'The output format' -r -f -a "table\t'Columns or lines for a person'
json\t'JSON, with exact sizes and, unless the command says otherwise, RFC 3339 times'
name\t'Only the names, one a line'"
complete -c regctl -n "__fish_regctl_using_subcommand gc" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand gc" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand gc" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand gc" -l dry-run -d 'Print what would be deleted, and delete nothing'
complete -c regctl -n "__fish_regctl_using_subcommand gc" -l untagged -d 'Also delete manifests that no tag, index or subject holds'
complete -c regctl -n "__fish_regctl_using_subcommand gc" -l empty-trash -d 'Empty the trash first'
complete -c regctl -n "__fish_regctl_using_subcommand gc" -l end-leases -d 'End all leases first; refused while a client pushes or pulls'
complete -c regctl -n "__fish_regctl_using_subcommand gc" -l status -d 'Show the running collection and the results of the last ones'
complete -c regctl -n "__fish_regctl_using_subcommand gc" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand gc" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand gc" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand gc" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand gc" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand prune" -l keep-last -d 'Keep this many tags, the last pushed ones' -r
complete -c regctl -n "__fish_regctl_using_subcommand prune" -l older-than -d 'Only delete tags pushed longer ago' -r
complete -c regctl -n "__fish_regctl_using_subcommand prune" -l match -d 'Only delete matching tags; may be repeated' -r
complete -c regctl -n "__fish_regctl_using_subcommand prune" -l exclude -d 'Keep matching tags; may be repeated' -r
complete -c regctl -n "__fish_regctl_using_subcommand prune" -l not-pulled-for -d 'Only delete tags that have not been pulled for this long' -r
complete -c regctl -n "__fish_regctl_using_subcommand prune" -s o -l output -d 'The output format' -r -f -a "table\t'Columns or lines for a person'
json\t'JSON, with exact sizes and, unless the command says otherwise, RFC 3339 times'
name\t'Only the names, one a line'"
complete -c regctl -n "__fish_regctl_using_subcommand prune" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand prune" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand prune" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand prune" -l all -d 'Allow deleting every tag of a repository'
complete -c regctl -n "__fish_regctl_using_subcommand prune" -l dry-run -d 'Print what would be deleted, and delete nothing'
complete -c regctl -n "__fish_regctl_using_subcommand prune" -s y -l yes -d 'Delete several things without asking'
complete -c regctl -n "__fish_regctl_using_subcommand prune" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand prune" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand prune" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand prune" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand prune" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and not __fish_seen_subcommand_from list ls add remove rm help" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and not __fish_seen_subcommand_from list ls add remove rm help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and not __fish_seen_subcommand_from list ls add remove rm help" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and not __fish_seen_subcommand_from list ls add remove rm help" -f -a "list" -d 'List retention rules'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and not __fish_seen_subcommand_from list ls add remove rm help" -f -a "ls" -d 'List retention rules'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and not __fish_seen_subcommand_from list ls add remove rm help" -f -a "add" -d 'Save a retention rule'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and not __fish_seen_subcommand_from list ls add remove rm help" -f -a "remove" -d 'Remove a saved retention rule'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and not __fish_seen_subcommand_from list ls add remove rm help" -f -a "rm" -d 'Remove a saved retention rule'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and not __fish_seen_subcommand_from list ls add remove rm help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from list" -s o -l output -d 'The output format' -r -f -a "table\t'Columns or lines for a person'
json\t'JSON, with exact sizes and, unless the command says otherwise, RFC 3339 times'
name\t'Only the names, one a line'"
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from list" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from list" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from list" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from list" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from list" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from ls" -s o -l output -d 'The output format' -r -f -a "table\t'Columns or lines for a person'
json\t'JSON, with exact sizes and, unless the command says otherwise, RFC 3339 times'
name\t'Only the names, one a line'"
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from ls" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from ls" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from ls" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from ls" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from ls" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from ls" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from ls" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from add" -l keep-last -d 'Keep this many tags, the last pushed ones' -r
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from add" -l older-than -d 'Only delete tags pushed longer ago' -r
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from add" -l match -d 'Only delete matching tags; may be repeated' -r
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from add" -l exclude -d 'Keep matching tags; may be repeated' -r
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from add" -l not-pulled-for -d 'Only delete tags that have not been pulled for this long' -r
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from add" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from add" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from add" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from add" -l all -d 'Allow deleting every tag of a repository'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from add" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from add" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from add" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from remove" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from remove" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from remove" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from remove" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from remove" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from remove" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from rm" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from rm" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from rm" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from rm" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from rm" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from rm" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from rm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from rm" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from help" -f -a "list" -d 'List retention rules'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from help" -f -a "add" -d 'Save a retention rule'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Remove a saved retention rule'
complete -c regctl -n "__fish_regctl_using_subcommand retention; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c regctl -n "__fish_regctl_using_subcommand trash" -s o -l output -d 'The output format' -r -f -a "table\t'Columns or lines for a person'
json\t'JSON, with exact sizes and, unless the command says otherwise, RFC 3339 times'
name\t'Only the names, one a line'"
complete -c regctl -n "__fish_regctl_using_subcommand trash" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand trash" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand trash" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand trash" -l empty -d 'Empty the trash; the next gc frees the bytes'
complete -c regctl -n "__fish_regctl_using_subcommand trash" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand trash" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand trash" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand trash" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand trash" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand restore" -s o -l output -d 'The output format' -r -f -a "table\t'Columns or lines for a person'
json\t'JSON, with exact sizes and, unless the command says otherwise, RFC 3339 times'
name\t'Only the names, one a line'"
complete -c regctl -n "__fish_regctl_using_subcommand restore" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand restore" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand restore" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand restore" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand restore" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand restore" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand restore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand restore" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand du" -s o -l output -d 'The output format' -r -f -a "table\t'Columns or lines for a person'
json\t'JSON, with exact sizes and, unless the command says otherwise, RFC 3339 times'
name\t'Only the names, one a line'"
complete -c regctl -n "__fish_regctl_using_subcommand du" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand du" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand du" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand du" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand du" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand du" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand du" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand du" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand check" -s o -l output -d 'The output format' -r -f -a "table\t'Columns or lines for a person'
json\t'JSON, with exact sizes and, unless the command says otherwise, RFC 3339 times'
name\t'Only the names, one a line'"
complete -c regctl -n "__fish_regctl_using_subcommand check" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand check" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand check" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand check" -l read -d 'Read all content, and compare it with its digests'
complete -c regctl -n "__fish_regctl_using_subcommand check" -l repair -d 'Add missing links and rows, and move unknown files to lost+found'
complete -c regctl -n "__fish_regctl_using_subcommand check" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand check" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand check" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand check" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand backup" -s o -l output -d 'The file to write; without it, or with -, stdout' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand backup" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand backup" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand backup" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand backup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand backup" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand audit" -l user -d 'Only events of this account, including its tokens, or of workload:RULE' -r
complete -c regctl -n "__fish_regctl_using_subcommand audit" -l repo -d 'Only events in this repository' -r
complete -c regctl -n "__fish_regctl_using_subcommand audit" -l since -d 'Only from this time on: an age as in 24h or 7d, a date, or a time as in 2026-01-31T12:00:00Z; without an offset as in +01:00 both are in UTC' -r
complete -c regctl -n "__fish_regctl_using_subcommand audit" -l until -d 'Only before this time' -r
complete -c regctl -n "__fish_regctl_using_subcommand audit" -l limit -d 'Maximum number of lines, the latest ones; 0 for all' -r
complete -c regctl -n "__fish_regctl_using_subcommand audit" -s o -l output -d 'The output format' -r -f -a "table\t'Columns or lines for a person'
json\t'JSON, with exact sizes and, unless the command says otherwise, RFC 3339 times'
name\t'Only the names, one a line'"
complete -c regctl -n "__fish_regctl_using_subcommand audit" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand audit" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand audit" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand audit" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand audit" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand audit" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand audit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand audit" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand health" -l listen -d 'The address of the server [default: from its configuration]' -r
complete -c regctl -n "__fish_regctl_using_subcommand health" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand health" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand health" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand health" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand health" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand image" -s o -l output -d 'The file to write; without it, or with -, stdout' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand image" -l with -d 'This program for another architecture; may be repeated' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand image" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand image" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand image" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand setup" -l listen -d 'The address of the registry [default: from its configuration]' -r
complete -c regctl -n "__fish_regctl_using_subcommand setup" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand setup" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand setup" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand setup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand setup" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand user; and not __fish_seen_subcommand_from add list ls passwd disable enable promote demote remove rm import help" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand user; and not __fish_seen_subcommand_from add list ls passwd disable enable promote demote remove rm import help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand user; and not __fish_seen_subcommand_from add list ls passwd disable enable promote demote remove rm import help" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand user; and not __fish_seen_subcommand_from add list ls passwd disable enable promote demote remove rm import help" -f -a "add" -d 'Create an account'
complete -c regctl -n "__fish_regctl_using_subcommand user; and not __fish_seen_subcommand_from add list ls passwd disable enable promote demote remove rm import help" -f -a "list" -d 'List accounts'
complete -c regctl -n "__fish_regctl_using_subcommand user; and not __fish_seen_subcommand_from add list ls passwd disable enable promote demote remove rm import help" -f -a "ls" -d 'List accounts'
complete -c regctl -n "__fish_regctl_using_subcommand user; and not __fish_seen_subcommand_from add list ls passwd disable enable promote demote remove rm import help" -f -a "passwd" -d 'Set the password of an account'
complete -c regctl -n "__fish_regctl_using_subcommand user; and not __fish_seen_subcommand_from add list ls passwd disable enable promote demote remove rm import help" -f -a "disable" -d 'Disable the sign-in of an account and its tokens'
complete -c regctl -n "__fish_regctl_using_subcommand user; and not __fish_seen_subcommand_from add list ls passwd disable enable promote demote remove rm import help" -f -a "enable" -d 'Let a disabled account sign in again'
complete -c regctl -n "__fish_regctl_using_subcommand user; and not __fish_seen_subcommand_from add list ls passwd disable enable promote demote remove rm import help" -f -a "promote" -d 'Make an account an administrator'
complete -c regctl -n "__fish_regctl_using_subcommand user; and not __fish_seen_subcommand_from add list ls passwd disable enable promote demote remove rm import help" -f -a "demote" -d 'Revoke the admin right of an account'
complete -c regctl -n "__fish_regctl_using_subcommand user; and not __fish_seen_subcommand_from add list ls passwd disable enable promote demote remove rm import help" -f -a "remove" -d 'Remove an account with its grants and tokens'
complete -c regctl -n "__fish_regctl_using_subcommand user; and not __fish_seen_subcommand_from add list ls passwd disable enable promote demote remove rm import help" -f -a "rm" -d 'Remove an account with its grants and tokens'
complete -c regctl -n "__fish_regctl_using_subcommand user; and not __fish_seen_subcommand_from add list ls passwd disable enable promote demote remove rm import help" -f -a "import" -d 'Create accounts from a file'
complete -c regctl -n "__fish_regctl_using_subcommand user; and not __fish_seen_subcommand_from add list ls passwd disable enable promote demote remove rm import help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from add" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from add" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from add" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from add" -l admin -d 'Allow it to administer the registry, and to pull, push and delete everywhere'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from add" -l password-stdin -d 'Read the password from standard input'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from add" -l no-password -d 'Create it without a password; it signs in with tokens only'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from add" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from add" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from add" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from list" -s o -l output -d 'The output format' -r -f -a "table\t'Columns or lines for a person'
json\t'JSON, with exact sizes and, unless the command says otherwise, RFC 3339 times'
name\t'Only the names, one a line'"
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from list" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from list" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from list" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from list" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from list" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from ls" -s o -l output -d 'The output format' -r -f -a "table\t'Columns or lines for a person'
json\t'JSON, with exact sizes and, unless the command says otherwise, RFC 3339 times'
name\t'Only the names, one a line'"
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from ls" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from ls" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from ls" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from ls" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from ls" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from ls" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from ls" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l password-stdin -d 'Read the password from standard input'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from disable" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from disable" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from disable" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from disable" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from disable" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from disable" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from disable" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from disable" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from enable" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from enable" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from enable" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from enable" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from enable" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from enable" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from enable" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from enable" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from promote" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from promote" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from promote" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from promote" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from promote" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from promote" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from promote" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from promote" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from demote" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from demote" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from demote" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from demote" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from demote" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from demote" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from demote" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from demote" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from remove" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from remove" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from remove" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from remove" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from remove" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from remove" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from rm" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from rm" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from rm" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from rm" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from rm" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from rm" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from rm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from rm" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from import" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from import" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from import" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from import" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from import" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from import" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from import" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "add" -d 'Create an account'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "list" -d 'List accounts'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "passwd" -d 'Set the password of an account'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "disable" -d 'Disable the sign-in of an account and its tokens'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "enable" -d 'Let a disabled account sign in again'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "promote" -d 'Make an account an administrator'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "demote" -d 'Revoke the admin right of an account'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Remove an account with its grants and tokens'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "import" -d 'Create accounts from a file'
complete -c regctl -n "__fish_regctl_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c regctl -n "__fish_regctl_using_subcommand group; and not __fish_seen_subcommand_from add remove rm list ls help" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand group; and not __fish_seen_subcommand_from add remove rm list ls help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand group; and not __fish_seen_subcommand_from add remove rm list ls help" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand group; and not __fish_seen_subcommand_from add remove rm list ls help" -f -a "add" -d 'Add accounts to a group, creating it if necessary'
complete -c regctl -n "__fish_regctl_using_subcommand group; and not __fish_seen_subcommand_from add remove rm list ls help" -f -a "remove" -d 'Remove accounts from a group; without any, remove the group'
complete -c regctl -n "__fish_regctl_using_subcommand group; and not __fish_seen_subcommand_from add remove rm list ls help" -f -a "rm" -d 'Remove accounts from a group; without any, remove the group'
complete -c regctl -n "__fish_regctl_using_subcommand group; and not __fish_seen_subcommand_from add remove rm list ls help" -f -a "list" -d 'List groups'
complete -c regctl -n "__fish_regctl_using_subcommand group; and not __fish_seen_subcommand_from add remove rm list ls help" -f -a "ls" -d 'List groups'
complete -c regctl -n "__fish_regctl_using_subcommand group; and not __fish_seen_subcommand_from add remove rm list ls help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from add" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from add" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from add" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from add" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from add" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from add" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from remove" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from remove" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from remove" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from remove" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from remove" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from remove" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from rm" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from rm" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from rm" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from rm" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from rm" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from rm" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from rm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from rm" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from list" -s o -l output -d 'The output format' -r -f -a "table\t'Columns or lines for a person'
json\t'JSON, with exact sizes and, unless the command says otherwise, RFC 3339 times'
name\t'Only the names, one a line'"
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from list" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from list" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from list" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from list" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from list" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from ls" -s o -l output -d 'The output format' -r -f -a "table\t'Columns or lines for a person'
json\t'JSON, with exact sizes and, unless the command says otherwise, RFC 3339 times'
name\t'Only the names, one a line'"
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from ls" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from ls" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from ls" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from ls" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from ls" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from ls" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from ls" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from help" -f -a "add" -d 'Add accounts to a group, creating it if necessary'
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Remove accounts from a group; without any, remove the group'
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from help" -f -a "list" -d 'List groups'
complete -c regctl -n "__fish_regctl_using_subcommand group; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c regctl -n "__fish_regctl_using_subcommand token; and not __fish_seen_subcommand_from create list ls revoke rm help" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand token; and not __fish_seen_subcommand_from create list ls revoke rm help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand token; and not __fish_seen_subcommand_from create list ls revoke rm help" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand token; and not __fish_seen_subcommand_from create list ls revoke rm help" -f -a "create" -d 'Create a token; it is shown once'
complete -c regctl -n "__fish_regctl_using_subcommand token; and not __fish_seen_subcommand_from create list ls revoke rm help" -f -a "list" -d 'List tokens'
complete -c regctl -n "__fish_regctl_using_subcommand token; and not __fish_seen_subcommand_from create list ls revoke rm help" -f -a "ls" -d 'List tokens'
complete -c regctl -n "__fish_regctl_using_subcommand token; and not __fish_seen_subcommand_from create list ls revoke rm help" -f -a "revoke" -d 'Revoke tokens'
complete -c regctl -n "__fish_regctl_using_subcommand token; and not __fish_seen_subcommand_from create list ls revoke rm help" -f -a "rm" -d 'Revoke tokens'
complete -c regctl -n "__fish_regctl_using_subcommand token; and not __fish_seen_subcommand_from create list ls revoke rm help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from create" -l user -d 'The account that owns the token' -r
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from create" -l robot -d 'The robot that owns the token' -r
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from create" -l scope -d 'PATTERN:RIGHTS, as in team/*:pull,push [default: all rights of the account]' -r
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from create" -l expires -d 'Its lifetime, as in 30d, at least 1m [default: unlimited]' -r
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from create" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from create" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from create" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from create" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from create" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from create" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from create" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from list" -s o -l output -d 'The output format' -r -f -a "table\t'Columns or lines for a person'
json\t'JSON, with exact sizes and, unless the command says otherwise, RFC 3339 times'
name\t'Only the names, one a line'"
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from list" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from list" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from list" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from list" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from list" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from ls" -s o -l output -d 'The output format' -r -f -a "table\t'Columns or lines for a person'
json\t'JSON, with exact sizes and, unless the command says otherwise, RFC 3339 times'
name\t'Only the names, one a line'"
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from ls" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from ls" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from ls" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from ls" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from ls" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from ls" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from ls" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from revoke" -l user -d 'The account or robot that owns the token' -r
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from revoke" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from revoke" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from revoke" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from revoke" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from revoke" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from revoke" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from revoke" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from revoke" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from rm" -l user -d 'The account or robot that owns the token' -r
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from rm" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from rm" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from rm" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from rm" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from rm" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from rm" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from rm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from rm" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "create" -d 'Create a token; it is shown once'
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "list" -d 'List tokens'
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "revoke" -d 'Revoke tokens'
complete -c regctl -n "__fish_regctl_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c regctl -n "__fish_regctl_using_subcommand grant" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand grant" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand grant" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand grant" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand grant" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand grant" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand grant" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand grant" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand revoke" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand revoke" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand revoke" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand revoke" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand revoke" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand revoke" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand revoke" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand revoke" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand rights" -s o -l output -d 'The output format' -r -f -a "table\t'Columns or lines for a person'
json\t'JSON, with exact sizes and, unless the command says otherwise, RFC 3339 times'
name\t'Only the names, one a line'"
complete -c regctl -n "__fish_regctl_using_subcommand rights" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand rights" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand rights" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand rights" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand rights" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand rights" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand rights" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand rights" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand visibility" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand visibility" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand visibility" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand visibility" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand visibility" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand visibility" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand visibility" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand visibility" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand describe" -l text -d 'The description' -r
complete -c regctl -n "__fish_regctl_using_subcommand describe" -l file -d 'A file with the description' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand describe" -l root -d 'The data directory [default: the user\'s]' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand describe" -l config -d 'A registry:2 configuration with the directory; without FILE the one at its usual places' -r -F
complete -c regctl -n "__fish_regctl_using_subcommand describe" -l registry -d 'The server of the root, over the network, as an account with the admin right' -r
complete -c regctl -n "__fish_regctl_using_subcommand describe" -l insecure -d 'Use https without verifying the server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand describe" -l plain-http -d 'Use http, and send credentials over it'
complete -c regctl -n "__fish_regctl_using_subcommand describe" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand describe" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand describe" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand completions" -s q -l quiet -d 'Print only data and errors: no progress, notes, warnings or reports'
complete -c regctl -n "__fish_regctl_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c regctl -n "__fish_regctl_using_subcommand completions" -s V -l version -d 'Print version'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "serve" -d 'Run a registry'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "frontend" -d 'Serve pages for another registry'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "trust" -d 'Let docker, podman and containerd on this machine trust a registry\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "doctor" -d 'Diagnose what clients on this machine will encounter at a registry, or a server\'s certificate'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "catalog" -d 'List the repositories of a registry'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "tags" -d 'List the tags of a repository'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "search" -d 'Search for repositories'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "star" -d 'Star a repository'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "manifest" -d 'Commands for single manifests'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "digest" -d 'Print a manifest\'s digest'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "delete" -d 'Delete tags, manifests and repositories'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "login" -d 'Sign in to a registry'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "logout" -d 'Sign out of a registry'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "whoami" -d 'Show who is signed in to a registry'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "import" -d 'Import the images of an archive into a registry'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "export" -d 'Write images into an archive that docker, podman and containerd load'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "copy" -d 'Copy images between registries and repositories'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "sync" -d 'Make the tags of a repository equal to those of another'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "gc" -d 'Collect garbage'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "prune" -d 'Delete tags by a rule, and the manifests that nothing holds afterwards'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "retention" -d 'List and change the rules by which the server deletes tags'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "trash" -d 'List deletions that can be restored'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "restore" -d 'Restore deletions from the trash'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "du" -d 'Show the disk usage of repositories and tags'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "check" -d 'Compare the data with the index'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "backup" -d 'Write accounts, rights, descriptions and other data of a root into an archive'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "audit" -d 'List who did what'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "health" -d 'Ask the server of this configuration whether it is ready'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "image" -d 'Write a container image of regctl, which docker and podman load'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "setup" -d 'Print a complete file for systemd, Docker Compose, Kubernetes, nginx or cron'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "user" -d 'Create and change accounts'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "group" -d 'Create and change groups of accounts'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "token" -d 'Create and revoke tokens'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "grant" -d 'Grant rights'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "revoke" -d 'Revoke rights'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "rights" -d 'List who may do what, and why'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "visibility" -d 'Make a repository public or private'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "describe" -d 'Describe a repository'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "completions" -d 'Print the completions for a shell'
complete -c regctl -n "__fish_regctl_using_subcommand help; and not __fish_seen_subcommand_from serve frontend trust doctor catalog tags search star manifest digest delete login logout whoami import export copy sync gc prune retention trash restore du check backup audit health image setup user group token grant revoke rights visibility describe completions help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c regctl -n "__fish_regctl_using_subcommand help; and __fish_seen_subcommand_from manifest" -f -a "inspect" -d 'Describe a manifest and its content'
complete -c regctl -n "__fish_regctl_using_subcommand help; and __fish_seen_subcommand_from manifest" -f -a "head" -d 'Show a manifest\'s digest, type and length, without fetching it'
complete -c regctl -n "__fish_regctl_using_subcommand help; and __fish_seen_subcommand_from retention" -f -a "list" -d 'List retention rules'
complete -c regctl -n "__fish_regctl_using_subcommand help; and __fish_seen_subcommand_from retention" -f -a "add" -d 'Save a retention rule'
complete -c regctl -n "__fish_regctl_using_subcommand help; and __fish_seen_subcommand_from retention" -f -a "remove" -d 'Remove a saved retention rule'
complete -c regctl -n "__fish_regctl_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "add" -d 'Create an account'
complete -c regctl -n "__fish_regctl_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "list" -d 'List accounts'
complete -c regctl -n "__fish_regctl_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "passwd" -d 'Set the password of an account'
complete -c regctl -n "__fish_regctl_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "disable" -d 'Disable the sign-in of an account and its tokens'
complete -c regctl -n "__fish_regctl_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "enable" -d 'Let a disabled account sign in again'
complete -c regctl -n "__fish_regctl_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "promote" -d 'Make an account an administrator'
complete -c regctl -n "__fish_regctl_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "demote" -d 'Revoke the admin right of an account'
complete -c regctl -n "__fish_regctl_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "remove" -d 'Remove an account with its grants and tokens'
complete -c regctl -n "__fish_regctl_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "import" -d 'Create accounts from a file'
complete -c regctl -n "__fish_regctl_using_subcommand help; and __fish_seen_subcommand_from group" -f -a "add" -d 'Add accounts to a group, creating it if necessary'
complete -c regctl -n "__fish_regctl_using_subcommand help; and __fish_seen_subcommand_from group" -f -a "remove" -d 'Remove accounts from a group; without any, remove the group'
complete -c regctl -n "__fish_regctl_using_subcommand help; and __fish_seen_subcommand_from group" -f -a "list" -d 'List groups'
complete -c regctl -n "__fish_regctl_using_subcommand help; and __fish_seen_subcommand_from token" -f -a "create" -d 'Create a token; it is shown once'
complete -c regctl -n "__fish_regctl_using_subcommand help; and __fish_seen_subcommand_from token" -f -a "list" -d 'List tokens'
complete -c regctl -n "__fish_regctl_using_subcommand help; and __fish_seen_subcommand_from token" -f -a "revoke" -d 'Revoke tokens'

# The names of the registry where one is wanted, and then no files.
function __regctl_finds_names
    set -g __regctl_names (command regctl complete -- (commandline -cp | string join " ") 2>/dev/null)
    count $__regctl_names >/dev/null
end
complete -c regctl -n __regctl_finds_names -f -a '$__regctl_names'
# Words of options that also take files, or names of the registry.
complete -c regctl -n "__fish_seen_subcommand_from serve" -l tls -r -F -a "self-signed acme"
complete -c regctl -n "__fish_seen_subcommand_from frontend" -l tls -r -F -a self-signed
