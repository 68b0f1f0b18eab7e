#include "actors/connection/api/acts.hpp"

namespace roost::connection::api {

act act_of(handler_id which) {
  switch (which) {
  case handler_id::create_session:
    return {"session.create", act::when::ended};
  case handler_id::update_session:
    return {"session.update", act::when::ended};
  case handler_id::delete_session:
    return {"session.end", act::when::ended};
  case handler_id::get_recording:
    return {"recording.read", act::when::asked};
  case handler_id::create_token:
    return {"token.create", act::when::first};
  case handler_id::revoke_token:
    return {"token.revoke", act::when::first};
  case handler_id::get_login_url:
    return {"login-url.read", act::when::ended};
  case handler_id::close_connection:
    return {"connection.close", act::when::first};
  case handler_id::set_override:
    return {"channel.override", act::when::first};
  case handler_id::clear_override:
    return {"channel.override-clear", act::when::first};
  default:
    return {};
  }
}

} // namespace roost::connection::api
