# Read by the zsh that Roost starts, because ZDOTDIR points here. Puts the user's ZDOTDIR back, reads
# the user's own .zshenv, and adds the marks. The other startup files are then the user's.
if [[ -n ${ROOST_ZDOTDIR+set} ]]; then
  ZDOTDIR=$ROOST_ZDOTDIR
  unset ROOST_ZDOTDIR
else
  unset ZDOTDIR
fi
() {
  typeset -g __roost_dir=${1:A:h:h}
} "${(%):-%x}"
if [[ -r ${ZDOTDIR-$HOME}/.zshenv ]]; then
  builtin source -- "${ZDOTDIR-$HOME}/.zshenv"
fi
if [[ -o interactive && -r $__roost_dir/roost.zsh ]]; then
  builtin source -- "$__roost_dir/roost.zsh"
fi
unset __roost_dir
