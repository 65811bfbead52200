#compdef xm
# Completion of xm for zsh. Each line that xm offers is a word, a tab and what it is; lines with a colon are for us.
_xm() {
    local offered line
    local -a names
    local -a after
    offered=$("${words[1]}" completion zsh --line "${(j: :)words[1,CURRENT-1]} $PREFIX" 2>/dev/null)
    for line in "${(@f)offered}"; do
        case $line in
            '') ;;
            :files) _files ;;
            :nospace) after=(-S '') ;;
            *) names+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
        esac
    done
    (( $#names )) && _describe -t xm 'xm' names $after
}
if [ "$funcstack[1]" = _xm ]; then
    _xm "$@"
else
    compdef _xm xm
fi
