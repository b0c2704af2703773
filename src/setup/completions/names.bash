
# The names of the registry where one is wanted, files where those are; otherwise what is known
# without asking.
_regctl_with_names() {
    local line="${COMP_LINE:0:COMP_POINT}" answer status name names=()
    answer="$("$1" complete -- "$line" 2>/dev/null)"
    status=$?
    while IFS= read -r name; do
        [[ -z "$name" ]] || names+=("$name")
    done <<<"$answer"
    if [[ ${#names[@]} -eq 0 ]]; then
        # Without an answer bash offers files.
        COMPREPLY=()
        [[ $status -eq 3 ]] || _regctl "$@"
        return
    fi
    # bash begins a new word after a colon, and replaces only that.
    local word="${line##*[[:space:]]}" before=""
    if [[ "$COMP_WORDBREAKS" == *:* && "$word" == *:* ]]; then
        before="${word%"${word##*:}"}"
    fi
    COMPREPLY=("${names[@]#"$before"}")
}

if [[ "${BASH_VERSINFO[0]}" -eq 4 && "${BASH_VERSINFO[1]}" -ge 4 || "${BASH_VERSINFO[0]}" -gt 4 ]]; then
    complete -F _regctl_with_names -o nosort -o bashdefault -o default regctl
else
    complete -F _regctl_with_names -o bashdefault -o default regctl
fi
