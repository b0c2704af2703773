# Runs ssh so that it ends when regctl ends, even by `kill -9`.
#
# usage: DIRECTORY FORWARD WORDS...   the private directory, what is forwarded, the host's words
#
# Standard input is regctl's: `end` ends the tunnel, `gone` says that there is nothing to end any more,
# and an end without a word, that nobody is left to clean up. Whoever waits for that does not heed what
# a terminal sends to all of its processes. REGCTL_SSH is a command line, as git's GIT_SSH_COMMAND is.

directory=$1
forward=$2
shift 2

control() {
    eval "${REGCTL_SSH:-ssh} -O \"\$@\"" </dev/null >/dev/null 2>&1
}

clean() {
    rm -f "$directory/registry"
    rmdir "$directory"
}

# A connection that the user has open for others to use (ControlMaster) is used.
if control check "$@" && control forward -L "$forward" "$@"; then
    trap '' HUP INT TERM
    exec >/dev/null 2>&1
    read -r said
    control cancel -L "$forward" "$@"
    [ "$said" ] || clean
    exit
fi

exec 3<&0 </dev/null
(
    trap '' HUP INT TERM
    read -r said <&3
    [ "$said" = gone ] || kill "$$"
    [ "$said" ] || clean
) >/dev/null 2>&1 &
exec 3<&-

# Nobody else is to hang on this connection, which ends: ControlPath.
eval "exec ${REGCTL_SSH:-ssh} -N -o ExitOnForwardFailure=yes -o ControlPath=none \
    -L \"\$forward\" \"\$@\""
