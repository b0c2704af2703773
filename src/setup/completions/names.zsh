# The names of the registry where one is wanted; otherwise files.
(( $+functions[_regctl_names] )) ||
_regctl_names() {
    local -a names
    names=(${(f)"$(command regctl complete -- "${LBUFFER##*[;&|]}" 2>/dev/null)"})
    if (( $#names )); then
        compadd -a names
    else
        _default
    fi
}

