# Completion of xm for fish. Each line that xm offers is a word, a tab and what it is; lines with a colon are for us.
function __xm_offered
    for line in (xm completion fish --line (commandline -cp | string collect) 2>/dev/null)
        switch $line
            case ':files*'
                __fish_complete_path (commandline -ct)
            case ':nospace*'
            case '*'
                echo $line
        end
    end
end
complete -c xm -f -a '(__xm_offered)'
