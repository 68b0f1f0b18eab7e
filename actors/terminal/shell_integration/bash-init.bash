# Read by the bash that Roost starts, in place of ~/.bashrc: first what bash would have read, then
# the marks. (A system-wide bashrc, where bash has one built in, was read before this file.)
if [ -n "${ROOST_BASH_LOGIN-}" ]; then
  unset ROOST_BASH_LOGIN
  if [ -r /etc/profile ]; then
    . /etc/profile
  fi
  if [ -r ~/.bash_profile ]; then
    . ~/.bash_profile
  elif [ -r ~/.bash_login ]; then
    . ~/.bash_login
  elif [ -r ~/.profile ]; then
    . ~/.profile
  fi
elif [ -r ~/.bashrc ]; then
  . ~/.bashrc
fi
if [ -r "${BASH_SOURCE[0]%/*}/roost.bash" ]; then
  . "${BASH_SOURCE[0]%/*}/roost.bash"
fi
