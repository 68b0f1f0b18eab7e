# Roost's marks for bash 4.4 and later: OSC 7 (folder), OSC 133 A B C D (prompt, input, output, end with
# exit status) and OSC 633 E (command line). Needs no DEBUG trap. Safe to source twice.
# In ~/.bashrc, for nested shells:
#   [ -r "${ROOST_SHELL_INTEGRATION-}/roost.bash" ] && . "$ROOST_SHELL_INTEGRATION/roost.bash"
case "${BASH_VERSION-}:$-" in
  [5-9].*:*i* | [1-9][0-9].*:*i* | 4.[4-9]*:*i*) ;;
  *) return 0 ;;
esac
if [ -n "${__roost_loaded-}" ]; then
  return 0
fi
__roost_loaded=1
__roost_ran=       # set by PS0: a command was started since the last prompt
__roost_prompted=  # a prompt was shown
__roost_number=0   # of the newest history entry when the prompt was shown
__roost_empty=
__roost_input_mark='\[\e]133;B\a\]'
# The first part notes in this shell that a command runs (an assignment inside an arithmetic offset
# of an empty string); the second prints, in a subshell, which cannot note anything.
__roost_start_mark='${__roost_empty:$((__roost_ran=1,0)):0}$(__roost_preexec \!)'

# Runs first of all prompt commands, while $? is the user's.
__roost_precmd() {
  local status=$?
  if [[ -n $__roost_ran ]]; then
    \builtin printf '\e]133;D;%s\a' "$status"
  elif [[ -n $__roost_prompted ]]; then
    \builtin printf '\e]133;D\a' # nothing ran: an empty line, or Ctrl-C at the prompt
  fi
  __roost_ran=
  __roost_prompted=
  # bash 5.1 gives each element of the array the user's $?; before, the rest of the string needs it.
  if ((BASH_VERSINFO[0] > 5 || (BASH_VERSINFO[0] == 5 && BASH_VERSINFO[1] > 0))) || [[ $- == *e* ]]; then
    return 0
  fi
  return "$status"
} 2>/dev/null

# Runs last, when the user's prompt is made.
__roost_prompt() {
  local mark='\!'
  __roost_number=${mark@P}
  # Outside PS1 bash says 1 for the first entry and also for none at all.
  if [[ $__roost_number == 1 && -z $(\builtin history 1) ]]; then
    __roost_number=0
  fi
  if [[ ${PS1-} != *"$__roost_input_mark" ]]; then
    PS1=${PS1-}
    PS1=${PS1//"$__roost_input_mark"/}$__roost_input_mark
  fi
  if [[ ${PS0-} != *"$__roost_start_mark" ]]; then
    PS0=${PS0-}
    PS0=${PS0//"$__roost_start_mark"/}$__roost_start_mark
  fi
  if ! \builtin shopt -q promptvars; then
    PS0=${PS0//"$__roost_start_mark"/} # it would be printed instead of expanded
  fi
  if [[ $PWD != "${__roost_folder-}" ]]; then
    __roost_folder=$PWD
    __roost_encode "$PWD"
  fi
  \builtin printf '\e]7;file://%s%s\a\e]133;A\a' "${HOSTNAME-}" "$__roost_encoded"
  __roost_prompted=1
  return 0
} 2>/dev/null

# Percent-encodes a path, byte by byte, into __roost_encoded.
__roost_encode() {
  local LC_ALL=C index char code
  __roost_encoded=
  for ((index = 0; index < ${#1}; ++index)); do
    char=${1:index:1}
    case $char in
      [a-zA-Z0-9/._~-]) ;;
      *)
        \builtin printf -v code %d "'$char"
        \builtin printf -v char %%%02X "$((code & 255))"
        ;;
    esac
    __roost_encoded+=$char
  done
}

# Runs in a subshell of PS0. $1: the number of the newest history entry.
__roost_preexec() {
  local command= index char code out LC_ALL=C
  # Only an entry that is surely this command is shown: one that is new, or, where the history drops
  # duplicates only, the last one. A command kept out of the history is kept out of the marks.
  if (($1 == __roost_number + 1)) ||
    { (($1 == __roost_number)) && [[ -o history && -z ${HISTIGNORE-} && ${HISTCONTROL-} != *ignore[sb]* &&
      ${HISTCONTROL-} == *dups* ]]; }; then
    command=$(HISTTIMEFORMAT= \builtin history 1)
    if [[ $command =~ ^' '*[0-9]+[' *'](' '?)(.*)$ ]]; then
      command=${BASH_REMATCH[2]}
    else
      command=
    fi
  fi
  if [[ -n $command ]]; then
    command=${command:0:4096}
    command=${command//\\/'\\'}
    command=${command//;/'\x3b'}
    if [[ $command == *[[:cntrl:]]* ]]; then
      out=
      for ((index = 0; index < ${#command}; ++index)); do
        char=${command:index:1}
        if [[ $char == [[:cntrl:]] ]]; then
          \builtin printf -v code %d "'$char"
          \builtin printf -v char '\\x%02x' "$code"
        fi
        out+=$char
      done
      command=$out
    fi
    \builtin printf '\e]633;E;%s\a' "$command"
  fi
  \builtin printf '\e]133;C\a'
} 2>/dev/null

if ((BASH_VERSINFO[0] > 5 || (BASH_VERSINFO[0] == 5 && BASH_VERSINFO[1] > 0))); then
  PROMPT_COMMAND=(__roost_precmd ${PROMPT_COMMAND[@]+"${PROMPT_COMMAND[@]}"} __roost_prompt)
else
  # Line ends and not ';': the user's text may end in one, or in a comment.
  PROMPT_COMMAND=__roost_precmd$'\n'${PROMPT_COMMAND:+$PROMPT_COMMAND$'\n'}__roost_prompt
fi
