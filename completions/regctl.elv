
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
            cand -q 'q'
            cand --quiet 'quiet'
            cand -v 'v'
            cand --verbose 'verbose'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand serve 'Run a registry'
            cand trust 'Let docker, podman and containerd on this machine trust a registry''s certificate'
            cand doctor 'Say what clients on this machine will meet at a registry, and what to do about it'
            cand catalog 'List the repositories of a registry'
            cand tags 'List the tags of a repository'
            cand manifest 'Look at one manifest'
            cand digest 'Print a manifest''s digest'
            cand delete 'Delete tags, manifests and repositories'
            cand login 'Sign in to a registry'
            cand logout 'Sign out of a registry'
            cand whoami 'Show who is signed in to a registry'
            cand import 'Bring the images of an archive into a registry'
            cand import-v1 'Bring the images of an archive into a registry'
            cand export 'Write images into an archive that docker, podman and containerd load'
            cand copy 'Copy images between registries and repositories'
            cand sync 'Make a repository hold the tags of another'
            cand gc 'Collect garbage'
            cand prune 'Delete tags by a rule, and the manifests that nothing holds after that'
            cand trash 'List what was deleted and can be restored'
            cand restore 'Restore what was deleted, as long as it is in the trash'
            cand du 'Show how many bytes repositories and tags take up'
            cand check 'Compare the data with what the index knows of it'
            cand health 'Ask the server of this configuration whether it is ready'
            cand image 'Write a container image of regctl, which docker and podman load'
            cand setup 'Print a ready file for systemd, Docker Compose, Kubernetes, nginx or cron'
            cand user 'Make and change accounts'
            cand group 'Make and change groups of accounts'
            cand token 'Make and revoke tokens'
            cand grant 'Give rights'
            cand revoke 'Take rights that were given'
            cand rights 'Say who may do what, and why'
            cand visibility 'Make a repository public or private'
            cand describe 'Describe a repository'
            cand completions 'Print the completions for a shell'
            cand generate 'Write the files that the project keeps under version control'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'regctl;serve'= {
            cand --root 'Where the data is kept [default: the user''s data directory]'
            cand --listen 'Where to listen; port 0 takes a free one [default: 127.0.0.1:5000]'
            cand --tls 'Speak TLS: `self-signed` with an authority of this server''s own, `acme` with a certificate of Let''s Encrypt or another ACME directory, or with these two files'
            cand --host 'A name or address of this host that clients use: with --tls self-signed besides those it knows, with --tls acme each name that the certificate is for'
            cand --acme-directory 'The ACME directory that issues the certificate [default: Let''s Encrypt]'
            cand --acme-ca 'The authority of the ACME directory''s own certificate, PEM [default: the system''s]'
            cand --acme-email 'Where the ACME authority may write to'
            cand --acme-http 'Where to answer HTTP-01 challenges, as in :80; without it TLS-ALPN-01 is used'
            cand --config 'A registry:2 configuration; without FILE the one at its usual places'
            cand --accounts 'Serve accounts of regctl''s own: see regctl user; anonymous callers then only pull what is public'
            cand --check 'Say what the configuration means and what of it is ignored, and end'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;trust'= {
            cand --fingerprint 'What the fingerprint has to be; then nothing is asked'
            cand --remove 'Trust it no longer'
            cand -y 'Do not ask, whatever the fingerprint is'
            cand --yes 'Do not ask, whatever the fingerprint is'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;doctor'= {
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;catalog'= {
            cand --filter 'Show only names that match: `*` and `?` stop at a slash, `**` does not'
            cand --sort 'The order: by name, or the last pushed or largest first'
            cand -o 'How to print the result'
            cand --output 'How to print the result'
            cand --registry 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]'
            cand --retries 'How often to repeat a request that may work a moment later [default: 4]'
            cand --insecure 'Speak https without checking the registry''s certificate'
            cand --plain-http 'Speak http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done'
            cand --quiet 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done'
            cand -v 'Print every request on stderr'
            cand --verbose 'Print every request on stderr'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;tags'= {
            cand --filter 'Show only tags that match'
            cand --sort 'The order: by name, or the newest, largest, or highest version first'
            cand -o 'How to print the result'
            cand --output 'How to print the result'
            cand --registry 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]'
            cand --retries 'How often to repeat a request that may work a moment later [default: 4]'
            cand --insecure 'Speak https without checking the registry''s certificate'
            cand --plain-http 'Speak http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done'
            cand --quiet 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done'
            cand -v 'Print every request on stderr'
            cand --verbose 'Print every request on stderr'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;manifest'= {
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand inspect 'Show what a manifest is and what it holds'
            cand head 'Show a manifest''s digest, type and length, without fetching it'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'regctl;manifest;inspect'= {
            cand --platform 'Of an index, show the image for this platform'
            cand -o 'How to print the result'
            cand --output 'How to print the result'
            cand --registry 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]'
            cand --retries 'How often to repeat a request that may work a moment later [default: 4]'
            cand --raw 'Print the manifest''s bytes as they are stored'
            cand --insecure 'Speak https without checking the registry''s certificate'
            cand --plain-http 'Speak http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done'
            cand --quiet 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done'
            cand -v 'Print every request on stderr'
            cand --verbose 'Print every request on stderr'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;manifest;head'= {
            cand -o 'How to print the result'
            cand --output 'How to print the result'
            cand --registry 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]'
            cand --retries 'How often to repeat a request that may work a moment later [default: 4]'
            cand --insecure 'Speak https without checking the registry''s certificate'
            cand --plain-http 'Speak http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done'
            cand --quiet 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done'
            cand -v 'Print every request on stderr'
            cand --verbose 'Print every request on stderr'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;manifest;help'= {
            cand inspect 'Show what a manifest is and what it holds'
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
            cand --retries 'How often to repeat a request that may work a moment later [default: 4]'
            cand --insecure 'Speak https without checking the registry''s certificate'
            cand --plain-http 'Speak http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done'
            cand --quiet 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done'
            cand -v 'Print every request on stderr'
            cand --verbose 'Print every request on stderr'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;delete'= {
            cand --repository 'A repository to delete with all that is in it; may be given several times'
            cand -o 'How to print the result'
            cand --output 'How to print the result'
            cand --registry 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]'
            cand --retries 'How often to repeat a request that may work a moment later [default: 4]'
            cand --dry-run 'Print what would be deleted, and delete nothing'
            cand --force 'Delete a manifest even if several tags go with it'
            cand --ignore-missing 'Ignore what does not exist'
            cand -y 'Delete several things without asking'
            cand --yes 'Delete several things without asking'
            cand --insecure 'Speak https without checking the registry''s certificate'
            cand --plain-http 'Speak http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done'
            cand --quiet 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done'
            cand -v 'Print every request on stderr'
            cand --verbose 'Print every request on stderr'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;login'= {
            cand -u 'Who signs in; asked for on a terminal'
            cand --username 'Who signs in; asked for on a terminal'
            cand --registry 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]'
            cand --retries 'How often to repeat a request that may work a moment later [default: 4]'
            cand --password-stdin 'Read the password from standard input; else it is asked for on the terminal'
            cand --insecure 'Speak https without checking the registry''s certificate'
            cand --plain-http 'Speak http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done'
            cand --quiet 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done'
            cand -v 'Print every request on stderr'
            cand --verbose 'Print every request on stderr'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;logout'= {
            cand --registry 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]'
            cand --retries 'How often to repeat a request that may work a moment later [default: 4]'
            cand --insecure 'Speak https without checking the registry''s certificate'
            cand --plain-http 'Speak http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done'
            cand --quiet 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done'
            cand -v 'Print every request on stderr'
            cand --verbose 'Print every request on stderr'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;whoami'= {
            cand -o 'How to print the result'
            cand --output 'How to print the result'
            cand --registry 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]'
            cand --retries 'How often to repeat a request that may work a moment later [default: 4]'
            cand --insecure 'Speak https without checking the registry''s certificate'
            cand --plain-http 'Speak http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done'
            cand --quiet 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done'
            cand -v 'Print every request on stderr'
            cand --verbose 'Print every request on stderr'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;import'= {
            cand --to 'A prefix for all names, in this registry if it begins with one'
            cand --name 'The name of the one image, in this registry if it begins with one'
            cand --map 'Another name for an image, a repository, or with a slash at its end all below it; may be repeated, the first that fits counts'
            cand --platform 'Of images with several platforms, only this one'
            cand --compression 'How to compress plain layers: gzip, zstd or none'
            cand --level 'How hard to try: 1 is fast, 9 (for zstd 12) is small [default: 3]'
            cand --staging 'Where layers out of a pipe wait for their image [default: regctl-import]'
            cand -o 'How to print the result'
            cand --output 'How to print the result'
            cand --registry 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]'
            cand --retries 'How often to repeat a request that may work a moment later [default: 4]'
            cand --insecure 'Speak https without checking the registry''s certificate'
            cand --plain-http 'Speak http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done'
            cand --quiet 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done'
            cand -v 'Print every request on stderr'
            cand --verbose 'Print every request on stderr'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;import-v1'= {
            cand --to 'A prefix for all names, in this registry if it begins with one'
            cand --name 'The name of the one image, in this registry if it begins with one'
            cand --map 'Another name for an image, a repository, or with a slash at its end all below it; may be repeated, the first that fits counts'
            cand --platform 'Of images with several platforms, only this one'
            cand --compression 'How to compress plain layers: gzip, zstd or none'
            cand --level 'How hard to try: 1 is fast, 9 (for zstd 12) is small [default: 3]'
            cand --staging 'Where layers out of a pipe wait for their image [default: regctl-import]'
            cand -o 'How to print the result'
            cand --output 'How to print the result'
            cand --registry 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]'
            cand --retries 'How often to repeat a request that may work a moment later [default: 4]'
            cand --insecure 'Speak https without checking the registry''s certificate'
            cand --plain-http 'Speak http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done'
            cand --quiet 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done'
            cand -v 'Print every request on stderr'
            cand --verbose 'Print every request on stderr'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;export'= {
            cand -o 'The file to write; without it, or with -, stdout'
            cand --output 'The file to write; without it, or with -, stdout'
            cand --format 'docker: loads everywhere; oci: an OCI image layout and nothing else'
            cand --platform 'Of an index, only the image for this platform; may be repeated'
            cand --without 'Leave out the layers of this image, which the other side has; may be repeated'
            cand --registry 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]'
            cand --retries 'How often to repeat a request that may work a moment later [default: 4]'
            cand --insecure 'Speak https without checking the registry''s certificate'
            cand --plain-http 'Speak http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done'
            cand --quiet 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done'
            cand -v 'Print every request on stderr'
            cand --verbose 'Print every request on stderr'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;copy'= {
            cand --match 'Of all tags, only those that match'
            cand --platform 'Of an index, copy only the image for this platform'
            cand -j 'How many blobs move at once'
            cand --jobs 'How many blobs move at once'
            cand -o 'How to print the result'
            cand --output 'How to print the result'
            cand --registry 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]'
            cand --retries 'How often to repeat a request that may work a moment later [default: 4]'
            cand -a 'Copy every tag of a repository'
            cand --all-tags 'Copy every tag of a repository'
            cand --referrers 'Copy signatures and whatever else refers to the images as well'
            cand --dry-run 'Say what would be done, and do nothing'
            cand --insecure 'Speak https without checking the registry''s certificate'
            cand --plain-http 'Speak http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done'
            cand --quiet 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done'
            cand -v 'Print every request on stderr'
            cand --verbose 'Print every request on stderr'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;sync'= {
            cand --match 'Only tags that match, on both sides'
            cand --platform 'Of an index, copy only the image for this platform'
            cand -j 'How many blobs move at once'
            cand --jobs 'How many blobs move at once'
            cand -o 'How to print the result'
            cand --output 'How to print the result'
            cand --registry 'The registry of names without a host [env: REGCTL_REGISTRY] [default: 127.0.0.1:5000]'
            cand --retries 'How often to repeat a request that may work a moment later [default: 4]'
            cand --delete 'Delete the tags that the source does not have'
            cand -y 'Delete without asking'
            cand --yes 'Delete without asking'
            cand --referrers 'Copy signatures and whatever else refers to the images as well'
            cand --dry-run 'Say what would be done, and do nothing'
            cand --insecure 'Speak https without checking the registry''s certificate'
            cand --plain-http 'Speak http, and send credentials over it'
            cand -q 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done'
            cand --quiet 'Print only data and errors: no progress, no notes, no warnings, no reports of what was done'
            cand -v 'Print every request on stderr'
            cand --verbose 'Print every request on stderr'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;gc'= {
            cand --older-than 'Only manifests that were pushed longer ago'
            cand -o 'How to print the result'
            cand --output 'How to print the result'
            cand --root 'Where the data is kept [default: the user''s data directory]'
            cand --config 'A registry:2 configuration that says so; without FILE the one at its usual places'
            cand --dry-run 'Print what would be deleted, and delete nothing'
            cand --untagged 'Delete manifests, too, that no tag, index or subject holds'
            cand --empty-trash 'Empty the trash first'
            cand --end-leases 'End all leases first; refused while a client pushes or pulls'
            cand --status 'Show whether a collection runs, and how the last ones ended'
            cand -q 'Print nothing but errors'
            cand --quiet 'Print nothing but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;prune'= {
            cand --keep-last 'Keep this many tags, those that were pushed last'
            cand --older-than 'Only delete tags that were pushed longer ago'
            cand --match 'Only delete tags that match; may be given several times'
            cand --exclude 'Keep tags that match; may be given several times'
            cand --not-pulled-for 'Only delete tags that have not been pulled for this long'
            cand -o 'How to print the result'
            cand --output 'How to print the result'
            cand --root 'Where the data is kept [default: the user''s data directory]'
            cand --config 'A registry:2 configuration that says so; without FILE the one at its usual places'
            cand --dry-run 'Print what would be deleted, and delete nothing'
            cand --all 'Allow deleting every tag of a repository'
            cand -y 'Delete several things without asking'
            cand --yes 'Delete several things without asking'
            cand -q 'Print nothing but errors'
            cand --quiet 'Print nothing but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;trash'= {
            cand -o 'How to print the result'
            cand --output 'How to print the result'
            cand --root 'Where the data is kept [default: the user''s data directory]'
            cand --config 'A registry:2 configuration that says so; without FILE the one at its usual places'
            cand --empty 'Empty the trash; the next gc frees the bytes'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;restore'= {
            cand -o 'How to print the result'
            cand --output 'How to print the result'
            cand --root 'Where the data is kept [default: the user''s data directory]'
            cand --config 'A registry:2 configuration that says so; without FILE the one at its usual places'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;du'= {
            cand -o 'How to print the result'
            cand --output 'How to print the result'
            cand --root 'Where the data is kept [default: the user''s data directory]'
            cand --config 'A registry:2 configuration that says so; without FILE the one at its usual places'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;check'= {
            cand -o 'How to print the result'
            cand --output 'How to print the result'
            cand --root 'Where the data is kept [default: the user''s data directory]'
            cand --config 'A registry:2 configuration that says so; without FILE the one at its usual places'
            cand --read 'Read every byte, and compare it with its digest'
            cand --repair 'Add what can be derived, and move away what can''t be explained'
            cand -q 'Print nothing but differences'
            cand --quiet 'Print nothing but differences'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;health'= {
            cand --listen 'Where the server listens [default: what its configuration says]'
            cand --root 'Where the data is kept [default: the user''s data directory]'
            cand --config 'A registry:2 configuration that says so; without FILE the one at its usual places'
            cand -q 'Print nothing but errors'
            cand --quiet 'Print nothing but errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;image'= {
            cand -o 'The file to write; without it, or with -, stdout'
            cand --output 'The file to write; without it, or with -, stdout'
            cand --with 'This program for another architecture; may be repeated'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;setup'= {
            cand --listen 'Where the registry listens [default: what its configuration says]'
            cand --root 'Where the data is kept [default: the user''s data directory]'
            cand --config 'A registry:2 configuration that says so; without FILE the one at its usual places'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;user'= {
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand add 'Make an account'
            cand list 'List accounts'
            cand ls 'List accounts'
            cand passwd 'Set the password of an account'
            cand disable 'One account of which something is changed'
            cand enable 'Let a disabled account sign in again'
            cand remove 'One account of which something is changed'
            cand rm 'One account of which something is changed'
            cand import 'Make accounts from a file'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'regctl;user;add'= {
            cand --root 'Where the data is kept [default: the user''s data directory]'
            cand --config 'A registry:2 configuration that says so; without FILE the one at its usual places'
            cand --admin 'It may administer the registry, and pull, push and delete everywhere'
            cand --password-stdin 'Read the password from standard input'
            cand --no-password 'It has no password, and signs in by tokens alone'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;user;list'= {
            cand -o 'How to print the result'
            cand --output 'How to print the result'
            cand --root 'Where the data is kept [default: the user''s data directory]'
            cand --config 'A registry:2 configuration that says so; without FILE the one at its usual places'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;user;ls'= {
            cand -o 'How to print the result'
            cand --output 'How to print the result'
            cand --root 'Where the data is kept [default: the user''s data directory]'
            cand --config 'A registry:2 configuration that says so; without FILE the one at its usual places'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;user;passwd'= {
            cand --root 'Where the data is kept [default: the user''s data directory]'
            cand --config 'A registry:2 configuration that says so; without FILE the one at its usual places'
            cand --password-stdin 'Read the password from standard input'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;user;disable'= {
            cand --root 'Where the data is kept [default: the user''s data directory]'
            cand --config 'A registry:2 configuration that says so; without FILE the one at its usual places'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;user;enable'= {
            cand --root 'Where the data is kept [default: the user''s data directory]'
            cand --config 'A registry:2 configuration that says so; without FILE the one at its usual places'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;user;remove'= {
            cand --root 'Where the data is kept [default: the user''s data directory]'
            cand --config 'A registry:2 configuration that says so; without FILE the one at its usual places'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;user;rm'= {
            cand --root 'Where the data is kept [default: the user''s data directory]'
            cand --config 'A registry:2 configuration that says so; without FILE the one at its usual places'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;user;import'= {
            cand --root 'Where the data is kept [default: the user''s data directory]'
            cand --config 'A registry:2 configuration that says so; without FILE the one at its usual places'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;user;help'= {
            cand add 'Make an account'
            cand list 'List accounts'
            cand passwd 'Set the password of an account'
            cand disable 'One account of which something is changed'
            cand enable 'Let a disabled account sign in again'
            cand remove 'One account of which something is changed'
            cand import 'Make accounts from a file'
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
        &'regctl;user;help;remove'= {
        }
        &'regctl;user;help;import'= {
        }
        &'regctl;user;help;help'= {
        }
        &'regctl;group'= {
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand add 'Add accounts to a group, which is made if it is not there'
            cand remove 'Take accounts out of a group; without any, remove the group'
            cand rm 'Take accounts out of a group; without any, remove the group'
            cand list 'List groups'
            cand ls 'List groups'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'regctl;group;add'= {
            cand --root 'Where the data is kept [default: the user''s data directory]'
            cand --config 'A registry:2 configuration that says so; without FILE the one at its usual places'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;group;remove'= {
            cand --root 'Where the data is kept [default: the user''s data directory]'
            cand --config 'A registry:2 configuration that says so; without FILE the one at its usual places'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;group;rm'= {
            cand --root 'Where the data is kept [default: the user''s data directory]'
            cand --config 'A registry:2 configuration that says so; without FILE the one at its usual places'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;group;list'= {
            cand -o 'How to print the result'
            cand --output 'How to print the result'
            cand --root 'Where the data is kept [default: the user''s data directory]'
            cand --config 'A registry:2 configuration that says so; without FILE the one at its usual places'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;group;ls'= {
            cand -o 'How to print the result'
            cand --output 'How to print the result'
            cand --root 'Where the data is kept [default: the user''s data directory]'
            cand --config 'A registry:2 configuration that says so; without FILE the one at its usual places'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;group;help'= {
            cand add 'Add accounts to a group, which is made if it is not there'
            cand remove 'Take accounts out of a group; without any, remove the group'
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
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand create 'Make a token; it is shown once'
            cand list 'List tokens'
            cand ls 'List tokens'
            cand revoke 'Revoke tokens'
            cand rm 'Revoke tokens'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'regctl;token;create'= {
            cand --user 'The account whose token it is'
            cand --robot 'The robot whose token it is'
            cand --scope 'PATTERN:RIGHTS, as in team/*:pull,push [default: all that the account may]'
            cand --expires 'When it ends, from now [default: never]'
            cand --root 'Where the data is kept [default: the user''s data directory]'
            cand --config 'A registry:2 configuration that says so; without FILE the one at its usual places'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;token;list'= {
            cand -o 'How to print the result'
            cand --output 'How to print the result'
            cand --root 'Where the data is kept [default: the user''s data directory]'
            cand --config 'A registry:2 configuration that says so; without FILE the one at its usual places'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;token;ls'= {
            cand -o 'How to print the result'
            cand --output 'How to print the result'
            cand --root 'Where the data is kept [default: the user''s data directory]'
            cand --config 'A registry:2 configuration that says so; without FILE the one at its usual places'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;token;revoke'= {
            cand --user 'The account or robot whose token it is'
            cand --root 'Where the data is kept [default: the user''s data directory]'
            cand --config 'A registry:2 configuration that says so; without FILE the one at its usual places'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;token;rm'= {
            cand --user 'The account or robot whose token it is'
            cand --root 'Where the data is kept [default: the user''s data directory]'
            cand --config 'A registry:2 configuration that says so; without FILE the one at its usual places'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;token;help'= {
            cand create 'Make a token; it is shown once'
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
            cand --root 'Where the data is kept [default: the user''s data directory]'
            cand --config 'A registry:2 configuration that says so; without FILE the one at its usual places'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;revoke'= {
            cand --root 'Where the data is kept [default: the user''s data directory]'
            cand --config 'A registry:2 configuration that says so; without FILE the one at its usual places'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;rights'= {
            cand -o 'How to print the result'
            cand --output 'How to print the result'
            cand --root 'Where the data is kept [default: the user''s data directory]'
            cand --config 'A registry:2 configuration that says so; without FILE the one at its usual places'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;visibility'= {
            cand --root 'Where the data is kept [default: the user''s data directory]'
            cand --config 'A registry:2 configuration that says so; without FILE the one at its usual places'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;describe'= {
            cand --text 'The description'
            cand --file 'A file that holds it'
            cand --root 'Where the data is kept [default: the user''s data directory]'
            cand --config 'A registry:2 configuration that says so; without FILE the one at its usual places'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;completions'= {
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;generate'= {
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'regctl;help'= {
            cand serve 'Run a registry'
            cand trust 'Let docker, podman and containerd on this machine trust a registry''s certificate'
            cand doctor 'Say what clients on this machine will meet at a registry, and what to do about it'
            cand catalog 'List the repositories of a registry'
            cand tags 'List the tags of a repository'
            cand manifest 'Look at one manifest'
            cand digest 'Print a manifest''s digest'
            cand delete 'Delete tags, manifests and repositories'
            cand login 'Sign in to a registry'
            cand logout 'Sign out of a registry'
            cand whoami 'Show who is signed in to a registry'
            cand import 'Bring the images of an archive into a registry'
            cand export 'Write images into an archive that docker, podman and containerd load'
            cand copy 'Copy images between registries and repositories'
            cand sync 'Make a repository hold the tags of another'
            cand gc 'Collect garbage'
            cand prune 'Delete tags by a rule, and the manifests that nothing holds after that'
            cand trash 'List what was deleted and can be restored'
            cand restore 'Restore what was deleted, as long as it is in the trash'
            cand du 'Show how many bytes repositories and tags take up'
            cand check 'Compare the data with what the index knows of it'
            cand health 'Ask the server of this configuration whether it is ready'
            cand image 'Write a container image of regctl, which docker and podman load'
            cand setup 'Print a ready file for systemd, Docker Compose, Kubernetes, nginx or cron'
            cand user 'Make and change accounts'
            cand group 'Make and change groups of accounts'
            cand token 'Make and revoke tokens'
            cand grant 'Give rights'
            cand revoke 'Take rights that were given'
            cand rights 'Say who may do what, and why'
            cand visibility 'Make a repository public or private'
            cand describe 'Describe a repository'
            cand completions 'Print the completions for a shell'
            cand generate 'Write the files that the project keeps under version control'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'regctl;help;serve'= {
        }
        &'regctl;help;trust'= {
        }
        &'regctl;help;doctor'= {
        }
        &'regctl;help;catalog'= {
        }
        &'regctl;help;tags'= {
        }
        &'regctl;help;manifest'= {
            cand inspect 'Show what a manifest is and what it holds'
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
        &'regctl;help;trash'= {
        }
        &'regctl;help;restore'= {
        }
        &'regctl;help;du'= {
        }
        &'regctl;help;check'= {
        }
        &'regctl;help;health'= {
        }
        &'regctl;help;image'= {
        }
        &'regctl;help;setup'= {
        }
        &'regctl;help;user'= {
            cand add 'Make an account'
            cand list 'List accounts'
            cand passwd 'Set the password of an account'
            cand disable 'One account of which something is changed'
            cand enable 'Let a disabled account sign in again'
            cand remove 'One account of which something is changed'
            cand import 'Make accounts from a file'
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
        &'regctl;help;user;remove'= {
        }
        &'regctl;help;user;import'= {
        }
        &'regctl;help;group'= {
            cand add 'Add accounts to a group, which is made if it is not there'
            cand remove 'Take accounts out of a group; without any, remove the group'
            cand list 'List groups'
        }
        &'regctl;help;group;add'= {
        }
        &'regctl;help;group;remove'= {
        }
        &'regctl;help;group;list'= {
        }
        &'regctl;help;token'= {
            cand create 'Make a token; it is shown once'
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
        &'regctl;help;generate'= {
        }
        &'regctl;help;help'= {
        }
    ]
    $completions[$command]
}
