
use builtin;
use str;

set edit:completion:arg-completer[regctl] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'regctl'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'regctl'= {
            cand --registry 'registry'
            cand --retries 'retries'
            cand --insecure 'insecure'
            cand --plain-http 'plain-http'
            cand -v 'v'
            cand --verbose 'verbose'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand serve 'Run a registry'
            cand frontend 'Serve pages for another registry'
            cand trust 'Let docker, podman and containerd on this machine trust a registry''s certificate'
            cand doctor 'Diagnose what clients on this machine will encounter at a registry, or a server''s certificate'
            cand catalog 'List the repositories of a registry'
            cand tags 'List the tags of a repository'
            cand search 'Search for repositories'
            cand star 'Star a repository'
            cand manifest 'Commands for single manifests'
            cand digest 'Print a manifest''s digest'
            cand delete 'Delete tags, manifests and repositories'
            cand login 'Sign in to a registry'
            cand logout 'Sign out of a registry'
            cand whoami 'Show who is signed in to a registry'
            cand import 'Import the images of an archive into a registry'
            cand import-v1 'Import the images of an archive into a registry'
            cand export 'Write images into an archive that docker, podman and containerd load'
            cand copy 'Copy images between registries and repositories'
            cand sync 'Make the tags of a repository equal to those of another'
            cand gc 'Collect garbage'
            cand prune 'Delete tags by a rule, and the manifests that nothing holds afterwards'
            cand retention 'List and change the rules by which the server deletes tags'
            cand trash 'List deletions that can be restored'
            cand restore 'Restore deletions from the trash'
            cand du 'Show the disk usage of repositories and tags'
            cand check 'Compare the data with the index'
            cand backup 'Write accounts, rights, descriptions and other data of a root into an archive'
            cand audit 'List who did what'
            cand health 'Ask the server of this configuration whether it is ready'
            cand image 'Write a container image of regctl, which docker and podman load'
            cand setup 'Print a complete file for systemd, Docker Compose, Kubernetes, nginx or cron'
            cand user 'Create and change accounts'
            cand group 'Create and change groups of accounts'
            cand token 'Create and revoke tokens'
            cand grant 'Grant rights'
            cand revoke 'Revoke rights'
            cand rights 'List who may do what, and why'
            cand visibility 'Make a repository public or private'
            cand describe 'Describe a repository'
            cand completions 'Print the completions for a shell'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'regctl;serve'= {
            cand --root 'The data directory [default: the user''s]'
            cand --listen 'The address to listen on; port 0 means a free one [default: 127.0.0.1:5000]'
            cand --tls 'Use TLS: `self-signed` with this server''s own authority, `acme` with a certificate of Let''s Encrypt or another ACME directory, or with these two files'
            cand --host 'An additional name or address of this host for clients; with --tls self-signed'
            cand --acme-directory 'The ACME directory that issues the certificate [default: Let''s Encrypt]'
            cand --acme-ca 'The authority of the ACME directory''s own certificate, PEM [default: the system''s]'
            cand --acme-email 'The address to which the ACME authority may send mail'
            cand --acme-http 'Where to answer HTTP-01 challenges, as in :80; without it TLS-ALPN-01 is used'
            cand --config 'A registry:2 configuration; without FILE the one at its usual places'
            cand --accounts 'Use regctl''s own accounts: see regctl user; anonymous callers can then only pull from public repositories'
            cand --check 'Describe the configuration and its ignored keys, and exit'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;frontend'= {
            cand --listen 'The address to listen on; port 0 means a free one'
            cand --tls 'Use TLS: `self-signed` with this server''s own authority, or with these two files'
            cand --host 'An additional name or address of this host; with --tls self-signed'
            cand --base-path 'The prefix of every link, behind a proxy that removes it'
            cand --cache 'How long lists of the registry are cached; 0 for not at all'
            cand --registry 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]'
            cand --retries 'Number of retries of a request that fails temporarily [default: 4]'
            cand --insecure 'Use https without verifying the registry''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -v 'Print every request on stderr'
            cand --verbose 'Print every request on stderr'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;trust'= {
            cand --fingerprint 'The expected fingerprint; the command then asks nothing'
            cand --remove 'Remove the trust'
            cand -y 'Accept any fingerprint without asking'
            cand --yes 'Accept any fingerprint without asking'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;doctor'= {
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;catalog'= {
            cand --filter 'Show only matching names: `*` and `?` stop at a slash, `**` does not'
            cand --sort 'Sort by name, or the last pushed or largest first'
            cand -o 'The output format'
            cand --output 'The output format'
            cand --registry 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]'
            cand --retries 'Number of retries of a request that fails temporarily [default: 4]'
            cand --insecure 'Use https without verifying the registry''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -v 'Print every request on stderr'
            cand --verbose 'Print every request on stderr'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;tags'= {
            cand --filter 'Show only matching tags'
            cand --sort 'Sort by name, or the newest, largest, or highest version first'
            cand -o 'The output format'
            cand --output 'The output format'
            cand --registry 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]'
            cand --retries 'Number of retries of a request that fails temporarily [default: 4]'
            cand --insecure 'Use https without verifying the registry''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -v 'Print every request on stderr'
            cand --verbose 'Print every request on stderr'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;search'= {
            cand --limit 'Maximum number of results'
            cand -o 'The output format'
            cand --output 'The output format'
            cand --registry 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]'
            cand --retries 'Number of retries of a request that fails temporarily [default: 4]'
            cand --insecure 'Use https without verifying the registry''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -v 'Print every request on stderr'
            cand --verbose 'Print every request on stderr'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;star'= {
            cand --registry 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]'
            cand --retries 'Number of retries of a request that fails temporarily [default: 4]'
            cand --remove 'Remove the star'
            cand --insecure 'Use https without verifying the registry''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -v 'Print every request on stderr'
            cand --verbose 'Print every request on stderr'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;manifest'= {
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand inspect 'Describe a manifest and its content'
            cand head 'Show a manifest''s digest, type and length, without fetching it'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'regctl;manifest;inspect'= {
            cand --platform 'Show the image for this platform from an index'
            cand -o 'The output format'
            cand --output 'The output format'
            cand --registry 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]'
            cand --retries 'Number of retries of a request that fails temporarily [default: 4]'
            cand --raw 'Print the stored bytes of the manifest'
            cand --insecure 'Use https without verifying the registry''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -v 'Print every request on stderr'
            cand --verbose 'Print every request on stderr'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;manifest;head'= {
            cand -o 'The output format'
            cand --output 'The output format'
            cand --registry 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]'
            cand --retries 'Number of retries of a request that fails temporarily [default: 4]'
            cand --insecure 'Use https without verifying the registry''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -v 'Print every request on stderr'
            cand --verbose 'Print every request on stderr'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;manifest;help'= {
            cand inspect 'Describe a manifest and its content'
            cand head 'Show a manifest''s digest, type and length, without fetching it'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'regctl;manifest;help;inspect'= {
        }
        &'regctl;manifest;help;head'= {
        }
        &'regctl;manifest;help;help'= {
        }
        &'regctl;digest'= {
            cand --registry 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]'
            cand --retries 'Number of retries of a request that fails temporarily [default: 4]'
            cand --insecure 'Use https without verifying the registry''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -v 'Print every request on stderr'
            cand --verbose 'Print every request on stderr'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;delete'= {
            cand --repository 'A repository to delete with all its content; may be repeated'
            cand -o 'The output format'
            cand --output 'The output format'
            cand --registry 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]'
            cand --retries 'Number of retries of a request that fails temporarily [default: 4]'
            cand --dry-run 'Print what would be deleted, and delete nothing'
            cand --force 'Delete a manifest even if this deletes several tags'
            cand --ignore-missing 'Ignore what does not exist'
            cand -y 'Delete several things without asking'
            cand --yes 'Delete several things without asking'
            cand --insecure 'Use https without verifying the registry''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -v 'Print every request on stderr'
            cand --verbose 'Print every request on stderr'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;login'= {
            cand -u 'The user; asked for on a terminal'
            cand --username 'The user; asked for on a terminal'
            cand --registry 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]'
            cand --retries 'Number of retries of a request that fails temporarily [default: 4]'
            cand --password-stdin 'Read the password from standard input instead of the terminal'
            cand --insecure 'Use https without verifying the registry''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -v 'Print every request on stderr'
            cand --verbose 'Print every request on stderr'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;logout'= {
            cand --registry 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]'
            cand --retries 'Number of retries of a request that fails temporarily [default: 4]'
            cand --insecure 'Use https without verifying the registry''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -v 'Print every request on stderr'
            cand --verbose 'Print every request on stderr'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;whoami'= {
            cand -o 'The output format'
            cand --output 'The output format'
            cand --registry 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]'
            cand --retries 'Number of retries of a request that fails temporarily [default: 4]'
            cand --insecure 'Use https without verifying the registry''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -v 'Print every request on stderr'
            cand --verbose 'Print every request on stderr'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;import'= {
            cand --to 'A prefix for all names, in this registry if it begins with one'
            cand --name 'The name of the one image, in this registry if it begins with one'
            cand --map 'Rename an image, a repository or, with a slash at its end, everything below it; may be repeated, the first match applies'
            cand --platform 'Import only this platform of images with several'
            cand --compression 'How to compress plain layers'
            cand --level 'Compression level: 1 is fast, 9 (for zstd 12) is small [default: 3]'
            cand --staging 'The repository for layers from a pipe whose image is not known yet [default: regctl-import]'
            cand -o 'The output format'
            cand --output 'The output format'
            cand --registry 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]'
            cand --retries 'Number of retries of a request that fails temporarily [default: 4]'
            cand --insecure 'Use https without verifying the registry''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -v 'Print every request on stderr'
            cand --verbose 'Print every request on stderr'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;import-v1'= {
            cand --to 'A prefix for all names, in this registry if it begins with one'
            cand --name 'The name of the one image, in this registry if it begins with one'
            cand --map 'Rename an image, a repository or, with a slash at its end, everything below it; may be repeated, the first match applies'
            cand --platform 'Import only this platform of images with several'
            cand --compression 'How to compress plain layers'
            cand --level 'Compression level: 1 is fast, 9 (for zstd 12) is small [default: 3]'
            cand --staging 'The repository for layers from a pipe whose image is not known yet [default: regctl-import]'
            cand -o 'The output format'
            cand --output 'The output format'
            cand --registry 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]'
            cand --retries 'Number of retries of a request that fails temporarily [default: 4]'
            cand --insecure 'Use https without verifying the registry''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -v 'Print every request on stderr'
            cand --verbose 'Print every request on stderr'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;export'= {
            cand -o 'The file to write; without it, or with -, stdout'
            cand --output 'The file to write; without it, or with -, stdout'
            cand --format 'docker: every client loads it; oci: an OCI image layout only'
            cand --platform 'Export only the image for this platform from an index; may be repeated'
            cand --without 'Leave out the layers of this image, which the destination has; may be repeated'
            cand --registry 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]'
            cand --retries 'Number of retries of a request that fails temporarily [default: 4]'
            cand --insecure 'Use https without verifying the registry''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -v 'Print every request on stderr'
            cand --verbose 'Print every request on stderr'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;copy'= {
            cand --match 'Copy only matching tags'
            cand --platform 'Copy only the image for this platform from an index'
            cand -j 'Number of blobs that move at once'
            cand --jobs 'Number of blobs that move at once'
            cand -o 'The output format'
            cand --output 'The output format'
            cand --registry 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]'
            cand --retries 'Number of retries of a request that fails temporarily [default: 4]'
            cand -a 'Copy every tag of a repository'
            cand --all-tags 'Copy every tag of a repository'
            cand --referrers 'Copy signatures and other referrers of the images as well'
            cand --dry-run 'Print what would be done, and do nothing'
            cand --insecure 'Use https without verifying the registry''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -v 'Print every request on stderr'
            cand --verbose 'Print every request on stderr'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;sync'= {
            cand --match 'Only matching tags, on both sides'
            cand --platform 'Copy only the image for this platform from an index'
            cand -j 'Number of blobs that move at once'
            cand --jobs 'Number of blobs that move at once'
            cand -o 'The output format'
            cand --output 'The output format'
            cand --registry 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]'
            cand --retries 'Number of retries of a request that fails temporarily [default: 4]'
            cand --delete 'Delete the tags that the source does not have'
            cand -y 'Delete without asking'
            cand --yes 'Delete without asking'
            cand --referrers 'Copy signatures and other referrers of the images as well'
            cand --dry-run 'Print what would be done, and do nothing'
            cand --insecure 'Use https without verifying the registry''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -v 'Print every request on stderr'
            cand --verbose 'Print every request on stderr'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;gc'= {
            cand --older-than 'Only manifests pushed longer ago'
            cand -o 'The output format'
            cand --output 'The output format'
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --dry-run 'Print what would be deleted, and delete nothing'
            cand --untagged 'Also delete manifests that no tag, index or subject holds'
            cand --empty-trash 'Empty the trash first'
            cand --end-leases 'End all leases first; refused while a client pushes or pulls'
            cand --status 'Show the running collection and the results of the last ones'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;prune'= {
            cand --keep-last 'Keep this many tags, the last pushed ones'
            cand --older-than 'Only delete tags pushed longer ago'
            cand --match 'Only delete matching tags; may be repeated'
            cand --exclude 'Keep matching tags; may be repeated'
            cand --not-pulled-for 'Only delete tags that have not been pulled for this long'
            cand -o 'The output format'
            cand --output 'The output format'
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --all 'Allow deleting every tag of a repository'
            cand --dry-run 'Print what would be deleted, and delete nothing'
            cand -y 'Delete several things without asking'
            cand --yes 'Delete several things without asking'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;retention'= {
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand list 'List retention rules'
            cand ls 'List retention rules'
            cand add 'Save a retention rule'
            cand remove 'Remove a saved retention rule'
            cand rm 'Remove a saved retention rule'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'regctl;retention;list'= {
            cand -o 'The output format'
            cand --output 'The output format'
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;retention;ls'= {
            cand -o 'The output format'
            cand --output 'The output format'
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;retention;add'= {
            cand --keep-last 'Keep this many tags, the last pushed ones'
            cand --older-than 'Only delete tags pushed longer ago'
            cand --match 'Only delete matching tags; may be repeated'
            cand --exclude 'Keep matching tags; may be repeated'
            cand --not-pulled-for 'Only delete tags that have not been pulled for this long'
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --all 'Allow deleting every tag of a repository'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;retention;remove'= {
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;retention;rm'= {
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;retention;help'= {
            cand list 'List retention rules'
            cand add 'Save a retention rule'
            cand remove 'Remove a saved retention rule'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'regctl;retention;help;list'= {
        }
        &'regctl;retention;help;add'= {
        }
        &'regctl;retention;help;remove'= {
        }
        &'regctl;retention;help;help'= {
        }
        &'regctl;trash'= {
            cand -o 'The output format'
            cand --output 'The output format'
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --empty 'Empty the trash; the next gc frees the bytes'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;restore'= {
            cand -o 'The output format'
            cand --output 'The output format'
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;du'= {
            cand -o 'The output format'
            cand --output 'The output format'
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;check'= {
            cand -o 'The output format'
            cand --output 'The output format'
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --read 'Read all content, and compare it with its digests'
            cand --repair 'Add missing links and rows, and move unknown files to lost+found'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;backup'= {
            cand -o 'The file to write; without it, or with -, stdout'
            cand --output 'The file to write; without it, or with -, stdout'
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;audit'= {
            cand --user 'Only events of this account, including its tokens, or of workload:RULE'
            cand --repo 'Only events in this repository'
            cand --since 'Only from this time on: an age as in 24h or 7d, a date, or a time as in 2026-01-31T12:00:00Z; without an offset as in +01:00 both are in UTC'
            cand --until 'Only before this time'
            cand --limit 'Maximum number of lines, the latest ones; 0 for all'
            cand -o 'The output format'
            cand --output 'The output format'
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;health'= {
            cand --listen 'The address of the server [default: from its configuration]'
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;image'= {
            cand -o 'The file to write; without it, or with -, stdout'
            cand --output 'The file to write; without it, or with -, stdout'
            cand --with 'This program for another architecture; may be repeated'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;setup'= {
            cand --listen 'The address of the registry [default: from its configuration]'
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;user'= {
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand add 'Create an account'
            cand list 'List accounts'
            cand ls 'List accounts'
            cand passwd 'Set the password of an account'
            cand disable 'Disable the sign-in of an account and its tokens'
            cand enable 'Let a disabled account sign in again'
            cand promote 'Make an account an administrator'
            cand demote 'Revoke the admin right of an account'
            cand remove 'Remove an account with its grants and tokens'
            cand rm 'Remove an account with its grants and tokens'
            cand import 'Create accounts from a file'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'regctl;user;add'= {
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --admin 'Allow it to administer the registry, and to pull, push and delete everywhere'
            cand --password-stdin 'Read the password from standard input'
            cand --no-password 'Create it without a password; it signs in with tokens only'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;user;list'= {
            cand -o 'The output format'
            cand --output 'The output format'
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;user;ls'= {
            cand -o 'The output format'
            cand --output 'The output format'
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;user;passwd'= {
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --password-stdin 'Read the password from standard input'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;user;disable'= {
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;user;enable'= {
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;user;promote'= {
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;user;demote'= {
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;user;remove'= {
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;user;rm'= {
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;user;import'= {
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;user;help'= {
            cand add 'Create an account'
            cand list 'List accounts'
            cand passwd 'Set the password of an account'
            cand disable 'Disable the sign-in of an account and its tokens'
            cand enable 'Let a disabled account sign in again'
            cand promote 'Make an account an administrator'
            cand demote 'Revoke the admin right of an account'
            cand remove 'Remove an account with its grants and tokens'
            cand import 'Create accounts from a file'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'regctl;user;help;add'= {
        }
        &'regctl;user;help;list'= {
        }
        &'regctl;user;help;passwd'= {
        }
        &'regctl;user;help;disable'= {
        }
        &'regctl;user;help;enable'= {
        }
        &'regctl;user;help;promote'= {
        }
        &'regctl;user;help;demote'= {
        }
        &'regctl;user;help;remove'= {
        }
        &'regctl;user;help;import'= {
        }
        &'regctl;user;help;help'= {
        }
        &'regctl;group'= {
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand add 'Add accounts to a group, creating it if necessary'
            cand remove 'Remove accounts from a group; without any, remove the group'
            cand rm 'Remove accounts from a group; without any, remove the group'
            cand list 'List groups'
            cand ls 'List groups'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'regctl;group;add'= {
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;group;remove'= {
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;group;rm'= {
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;group;list'= {
            cand -o 'The output format'
            cand --output 'The output format'
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;group;ls'= {
            cand -o 'The output format'
            cand --output 'The output format'
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;group;help'= {
            cand add 'Add accounts to a group, creating it if necessary'
            cand remove 'Remove accounts from a group; without any, remove the group'
            cand list 'List groups'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'regctl;group;help;add'= {
        }
        &'regctl;group;help;remove'= {
        }
        &'regctl;group;help;list'= {
        }
        &'regctl;group;help;help'= {
        }
        &'regctl;token'= {
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand create 'Create a token; it is shown once'
            cand list 'List tokens'
            cand ls 'List tokens'
            cand revoke 'Revoke tokens'
            cand rm 'Revoke tokens'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'regctl;token;create'= {
            cand --user 'The account that owns the token'
            cand --robot 'The robot that owns the token'
            cand --scope 'PATTERN:RIGHTS, as in team/*:pull,push [default: all rights of the account]'
            cand --expires 'Its lifetime, as in 30d, at least 1m [default: unlimited]'
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;token;list'= {
            cand -o 'The output format'
            cand --output 'The output format'
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;token;ls'= {
            cand -o 'The output format'
            cand --output 'The output format'
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;token;revoke'= {
            cand --user 'The account or robot that owns the token'
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;token;rm'= {
            cand --user 'The account or robot that owns the token'
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;token;help'= {
            cand create 'Create a token; it is shown once'
            cand list 'List tokens'
            cand revoke 'Revoke tokens'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'regctl;token;help;create'= {
        }
        &'regctl;token;help;list'= {
        }
        &'regctl;token;help;revoke'= {
        }
        &'regctl;token;help;help'= {
        }
        &'regctl;grant'= {
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;revoke'= {
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;rights'= {
            cand -o 'The output format'
            cand --output 'The output format'
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;visibility'= {
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;describe'= {
            cand --text 'The description'
            cand --file 'A file with the description'
            cand --root 'The data directory [default: the user''s]'
            cand --config 'A registry:2 configuration with the directory; without FILE the one at its usual places'
            cand --registry 'The server of the root, over the network, as an account with the admin right'
            cand --insecure 'Use https without verifying the server''s certificate'
            cand --plain-http 'Use http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;completions'= {
            cand -q 'Print only data and errors: no progress, notes, warnings or reports'
            cand --quiet 'Print only data and errors: no progress, notes, warnings or reports'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;help'= {
            cand serve 'Run a registry'
            cand frontend 'Serve pages for another registry'
            cand trust 'Let docker, podman and containerd on this machine trust a registry''s certificate'
            cand doctor 'Diagnose what clients on this machine will encounter at a registry, or a server''s certificate'
            cand catalog 'List the repositories of a registry'
            cand tags 'List the tags of a repository'
            cand search 'Search for repositories'
            cand star 'Star a repository'
            cand manifest 'Commands for single manifests'
            cand digest 'Print a manifest''s digest'
            cand delete 'Delete tags, manifests and repositories'
            cand login 'Sign in to a registry'
            cand logout 'Sign out of a registry'
            cand whoami 'Show who is signed in to a registry'
            cand import 'Import the images of an archive into a registry'
            cand export 'Write images into an archive that docker, podman and containerd load'
            cand copy 'Copy images between registries and repositories'
            cand sync 'Make the tags of a repository equal to those of another'
            cand gc 'Collect garbage'
            cand prune 'Delete tags by a rule, and the manifests that nothing holds afterwards'
            cand retention 'List and change the rules by which the server deletes tags'
            cand trash 'List deletions that can be restored'
            cand restore 'Restore deletions from the trash'
            cand du 'Show the disk usage of repositories and tags'
            cand check 'Compare the data with the index'
            cand backup 'Write accounts, rights, descriptions and other data of a root into an archive'
            cand audit 'List who did what'
            cand health 'Ask the server of this configuration whether it is ready'
            cand image 'Write a container image of regctl, which docker and podman load'
            cand setup 'Print a complete file for systemd, Docker Compose, Kubernetes, nginx or cron'
            cand user 'Create and change accounts'
            cand group 'Create and change groups of accounts'
            cand token 'Create and revoke tokens'
            cand grant 'Grant rights'
            cand revoke 'Revoke rights'
            cand rights 'List who may do what, and why'
            cand visibility 'Make a repository public or private'
            cand describe 'Describe a repository'
            cand completions 'Print the completions for a shell'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'regctl;help;serve'= {
        }
        &'regctl;help;frontend'= {
        }
        &'regctl;help;trust'= {
        }
        &'regctl;help;doctor'= {
        }
        &'regctl;help;catalog'= {
        }
        &'regctl;help;tags'= {
        }
        &'regctl;help;search'= {
        }
        &'regctl;help;star'= {
        }
        &'regctl;help;manifest'= {
            cand inspect 'Describe a manifest and its content'
            cand head 'Show a manifest''s digest, type and length, without fetching it'
        }
        &'regctl;help;manifest;inspect'= {
        }
        &'regctl;help;manifest;head'= {
        }
        &'regctl;help;digest'= {
        }
        &'regctl;help;delete'= {
        }
        &'regctl;help;login'= {
        }
        &'regctl;help;logout'= {
        }
        &'regctl;help;whoami'= {
        }
        &'regctl;help;import'= {
        }
        &'regctl;help;export'= {
        }
        &'regctl;help;copy'= {
        }
        &'regctl;help;sync'= {
        }
        &'regctl;help;gc'= {
        }
        &'regctl;help;prune'= {
        }
        &'regctl;help;retention'= {
            cand list 'List retention rules'
            cand add 'Save a retention rule'
            cand remove 'Remove a saved retention rule'
        }
        &'regctl;help;retention;list'= {
        }
        &'regctl;help;retention;add'= {
        }
        &'regctl;help;retention;remove'= {
        }
        &'regctl;help;trash'= {
        }
        &'regctl;help;restore'= {
        }
        &'regctl;help;du'= {
        }
        &'regctl;help;check'= {
        }
        &'regctl;help;backup'= {
        }
        &'regctl;help;audit'= {
        }
        &'regctl;help;health'= {
        }
        &'regctl;help;image'= {
        }
        &'regctl;help;setup'= {
        }
        &'regctl;help;user'= {
            cand add 'Create an account'
            cand list 'List accounts'
            cand passwd 'Set the password of an account'
            cand disable 'Disable the sign-in of an account and its tokens'
            cand enable 'Let a disabled account sign in again'
            cand promote 'Make an account an administrator'
            cand demote 'Revoke the admin right of an account'
            cand remove 'Remove an account with its grants and tokens'
            cand import 'Create accounts from a file'
        }
        &'regctl;help;user;add'= {
        }
        &'regctl;help;user;list'= {
        }
        &'regctl;help;user;passwd'= {
        }
        &'regctl;help;user;disable'= {
        }
        &'regctl;help;user;enable'= {
        }
        &'regctl;help;user;promote'= {
        }
        &'regctl;help;user;demote'= {
        }
        &'regctl;help;user;remove'= {
        }
        &'regctl;help;user;import'= {
        }
        &'regctl;help;group'= {
            cand add 'Add accounts to a group, creating it if necessary'
            cand remove 'Remove accounts from a group; without any, remove the group'
            cand list 'List groups'
        }
        &'regctl;help;group;add'= {
        }
        &'regctl;help;group;remove'= {
        }
        &'regctl;help;group;list'= {
        }
        &'regctl;help;token'= {
            cand create 'Create a token; it is shown once'
            cand list 'List tokens'
            cand revoke 'Revoke tokens'
        }
        &'regctl;help;token;create'= {
        }
        &'regctl;help;token;list'= {
        }
        &'regctl;help;token;revoke'= {
        }
        &'regctl;help;grant'= {
        }
        &'regctl;help;revoke'= {
        }
        &'regctl;help;rights'= {
        }
        &'regctl;help;visibility'= {
        }
        &'regctl;help;describe'= {
        }
        &'regctl;help;completions'= {
        }
        &'regctl;help;help'= {
        }
    ]
    $completions[$command]
}
