// What was written down: sessions of the past.
#include "actors/connection/api/api.hpp"
#include "actors/connection/api/render_history.hpp"
#include "actors/database/store/store.hpp"

#include <caf/typed_event_based_actor.hpp>

namespace roost::connection::api {

namespace {

/// What a question to the archive came to; filled in on the archive's thread before the answer.
template <class T>
struct finding {
  std::optional<T> value;
  failure why{request_error::store_unavailable, {}};
};

failure failure_of(const database::store_error& why) {
  if (why.why == database::store_error::reason::bad_request)
    return {request_error::bad_value, why.text};
  return {request_error::store_unavailable, why.text};
}

} // namespace

void api_state::history(const exchange_ptr& x) {
  auto wanted = parse_history(x->request);
  if (!wanted)
    return fail(x, wanted.error());
  const auto archive = config_.archive();
  if (!archive)
    return fail(x, request_error::shutting_down);
  const auto found = std::make_shared<finding<database::page<database::session_record>>>();
  runtime::ask(self_, archive, config_.patience,
               read_archive{[found, wanted = std::move(*wanted)](database::store* store) {
                 if (store == nullptr)
                   return;
                 if (auto rows = store->sessions(wanted))
                   found->value = std::move(*rows);
                 else
                   found->why = failure_of(rows.error());
               }})
      .then(
          [this, x, found](const archive_read&) {
            if (!found->value)
              return fail(x, found->why);
            send_json(x, 200, history_json(*found->value));
          },
          [x](const failure& why) { fail(x, why); });
}

} // namespace roost::connection::api
