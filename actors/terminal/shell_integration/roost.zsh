# Roost's marks for zsh 5.1 and later: OSC 7 (folder), OSC 133 A B C D (prompt, input, output, end with
# exit status) and OSC 633 E (command line). Safe to source twice.
# In ~/.zshrc, for nested shells:
#   [[ -r ${ROOST_SHELL_INTEGRATION-}/roost.zsh ]] && source "$ROOST_SHELL_INTEGRATION/roost.zsh"
if [[ ! -o interactive || -n ${__roost_loaded-} ]]; then
  return 0
fi
typeset -g __roost_loaded=1
typeset -g __roost_ran=      # a command was started since the last prompt
typeset -g __roost_prompted= # a prompt was shown

# Runs first of the precmd functions, while $? is the user's.
__roost_precmd() {
  local __roost_status=$?
  \builtin emulate -L zsh -o no_xtrace
  if [[ -n $__roost_ran ]]; then
    \builtin printf '\e]133;D;%s\a' $__roost_status
  elif [[ -n $__roost_prompted ]]; then
    \builtin printf '\e]133;D\a' # nothing ran: an empty line, or Ctrl-C at the prompt
  fi
  typeset -g __roost_ran= __roost_prompted=
  __roost_stay_last
}

# Others may have been added since: the user's prompt must be made before it is marked.
__roost_stay_last() {
  if [[ ${precmd_functions[-1]-} != __roost_prompt ]]; then
    precmd_functions=(${precmd_functions:#__roost_prompt} __roost_prompt)
  fi
}

# Runs last, when the user's prompt is made.
__roost_prompt() {
  local __roost_percent=
  [[ -o prompt_percent ]] && __roost_percent=1
  \builtin emulate -L zsh -o no_xtrace -o extended_glob -o no_multibyte
  local mark=$'%{\e]133;B\a%}'
  if [[ -n $__roost_percent && ${PS1-} != *"$mark" ]]; then
    PS1=${${PS1-}//"$mark"/}$mark
  fi
  local folder=${PWD//(#m)[^a-zA-Z0-9\/._~-]/%${(l:2::0:)$(([##16] #MATCH & 255))}}
  \builtin printf '\e]7;file://%s%s\a\e]133;A\a' "${HOST-}" "$folder"
  typeset -g __roost_prompted=1
}

# $1: what the user typed (empty where there is no history); $3: what will run.
__roost_preexec() {
  local __roost_private=
  [[ -o hist_ignore_space ]] && __roost_private=1
  \builtin emulate -L zsh -o no_xtrace -o extended_glob -o no_multibyte
  typeset -g __roost_ran=1
  __roost_stay_last
  local text=${1:-${3-}}
  # A command kept out of the history is kept out of the marks.
  if [[ -n $__roost_private && $text == ' '* ]]; then
    text=
  fi
  if [[ -n $text ]]; then
    text=${text[1,4096]}
    text=${text//\\/\\\\}
    text=${text//;/\\x3b}
    text=${text//(#m)[[:cntrl:]]/\\x${(Ll:2::0:)$(([##16] #MATCH))}}
    \builtin printf '\e]633;E;%s\a' "$text"
  fi
  \builtin printf '\e]133;C\a'
}

typeset -ga precmd_functions preexec_functions
precmd_functions=(__roost_precmd $precmd_functions __roost_prompt)
preexec_functions=($preexec_functions __roost_preexec)
