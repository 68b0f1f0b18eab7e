#include "actors/connection/api/session_user.hpp"

namespace roost::connection::api {

result<std::string> session_user(const principal& who, const std::string& asked,
                                 const std::string& otherwise) {
  if (!who.run_as.empty()) {
    if (!asked.empty() && asked != who.run_as)
      return failure(terminal_error::run_as_refused,
                     "run_as: sessions of this token run as \"" + who.run_as + "\" only");
    return who.run_as;
  }
  if (!asked.empty() && asked != otherwise && !who.is_at_least(role::admin))
    return failure(terminal_error::run_as_refused,
                   "run_as: only an admin chooses another user than \"" + otherwise +
                       "\"; a token that was made for a user needs no choice");
  return asked;
}

} // namespace roost::connection::api
