// What was written down: sessions of the past.
#include "actors/connection/api/api.hpp"
#include "actors/connection/api/render_history.hpp"

#include <caf/typed_event_based_actor.hpp>

namespace roost::connection::api {

void api_state::history(const exchange_ptr& x) {
  auto wanted = parse_history(x->request);
  if (!wanted)
    return fail(x, wanted.error());
  answer_from_store(
      x, wanted->scope,
      [what = std::move(wanted->what)](database::store& in) { return in.sessions(what); },
      history_json);
}

} // namespace roost::connection::api
