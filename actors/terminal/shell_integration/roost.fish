# Roost's marks for fish 3.4 and later: OSC 7 (folder), OSC 133 A B C D (prompt, input, output, end with
# exit status) and OSC 633 E (command line). Safe to source twice.
# In ~/.config/fish/config.fish, for nested shells:
#   test -r "$ROOST_SHELL_INTEGRATION/roost.fish"; and source $ROOST_SHELL_INTEGRATION/roost.fish
if status is-interactive; and not set -q __roost_loaded
    set -g __roost_loaded 1
    set -g __roost_ran 0
    set -g __roost_prompted 0
    # fish 4 sends OSC 7 and 133 by itself.
    set -g __roost_native 0
    string match -qr '^[0-3]\.' -- $version; or set -g __roost_native 1

    function __roost_escape
        set -l text (string sub -l 4096 -- $argv[1] | string collect)
        set text (string replace -a -- '\\' '\\\\' $text | string collect)
        set text (string replace -a -- ';' '\\x3b' $text | string collect)
        for code in (seq 31) 127
            set -l char (printf (printf '\\\\x%02x' $code) | string collect -N)
            if string match -q -- "*$char*" $text
                set text (string replace -a -- $char (printf '\\\\x%02x' $code) $text | string collect)
            end
        end
        printf %s $text
    end

    function __roost_preexec --on-event fish_preexec
        set -g __roost_ran 1
        # A command kept out of the history (it begins with a space) is kept out of the marks.
        if not string match -q ' *' -- $argv[1]
            printf '\e]633;E;%s\a' (__roost_escape $argv[1] | string collect)
        end
        test $__roost_native = 1; or printf '\e]133;C\a'
    end

    if test $__roost_native = 0
        function __roost_postexec --on-event fish_postexec
            set -l code $status
            if test $__roost_ran = 1
                printf '\e]133;D;%s\a' $code
                set -g __roost_ran 0
                set -g __roost_prompted 0
            end
        end

        # Ctrl-C at the prompt shows the prompt again without a fish_prompt event.
        function __roost_prompt --on-event fish_prompt --on-event fish_cancel
            if test $__roost_prompted = 1
                printf '\e]133;D\a' # nothing ran: an empty line, or Ctrl-C at the prompt
            end
            printf '\e]7;file://%s%s\a\e]133;A\a' $hostname (string escape --style=url -- $PWD)
            set -g __roost_prompted 1
        end

        # fish always has a fish_prompt; it must come first in the wrapper to see the user's $status.
        functions -c fish_prompt __roost_user_prompt
        function fish_prompt
            __roost_user_prompt
            printf '\e]133;B\a'
        end
    end
end
