
# The names of the registry where one is wanted, and then no files.
function __regctl_finds_names
    set -g __regctl_names (command regctl complete -- (commandline -cp | string join " ") 2>/dev/null)
    count $__regctl_names >/dev/null
end
complete -c regctl -n __regctl_finds_names -f -a '$__regctl_names'
# Words of options that also take files, or names of the registry.
complete -c regctl -n "__fish_seen_subcommand_from serve" -l tls -r -F -a "self-signed acme"
complete -c regctl -n "__fish_seen_subcommand_from frontend" -l tls -r -F -a self-signed
