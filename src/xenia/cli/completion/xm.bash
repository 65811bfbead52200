# shellcheck shell=bash
# Completion of xm for bash. Each line that xm offers is a word, a tab and what it is; lines with a colon are for us.
_xm() {
    local word _
    COMPREPLY=()
    while IFS=$'\t' read -r word _; do
        case $word in
            :files)
                compopt -o filenames
                mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$2")
                ;;
            :nospace) compopt -o nospace ;;
            *) COMPREPLY+=("$word") ;;
        esac
    done < <("$1" completion bash --line "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
}
complete -F _xm xm
