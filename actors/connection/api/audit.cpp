// Who did what: written down here, and told to administrators.
#include "actors/connection/api/api.hpp"
#include "actors/connection/api/render_audit.hpp"
#include "actors/database/archive/write_queue.hpp"
#include "actors/database/store/store.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <utility>

namespace roost::connection::api {

exchange_ptr api_state::audited(const exchange_ptr& x, const act& what, const std::string& id) {
  if (!config_.audit || what.written == act::when::never || what.written == act::when::asked)
    return x;
  auto tell = [x, what, id, trail = config_.audit](http_response answer) {
    auto how = outcome_of(answer);
    if (!id.empty())
      how.target = id;
    if (how.outcome != "rejected" || what.written == act::when::first)
      trail->note(x->request, what.name, how);
    x->answer.send(std::move(answer));
  };
  return std::make_shared<const exchange>(
      exchange{x->request, responder(std::move(tell), x->request.correlation)});
}

void api_state::write_down_first(const exchange_ptr& x, const act& what, const std::string& id,
                                 std::function<void()> then) {
  if (!config_.audit)
    return then();
  const auto archive = config_.archive();
  if (!archive)
    return fail(x, request_error::shutting_down);
  auto batch = std::make_shared<database::record_batch>();
  batch->records.emplace_back(config_.audit->record(x->request, what.name, {"asked", {}, id}));
  runtime::ask(self_, archive, config_.lookup_patience, keep_for_sure{std::move(batch)})
      .then([then = std::move(then)](const records_kept&) { then(); },
            [x](const failure& why) {
              fail(x, {request_error::store_unavailable,
                       "it was not done, since it could not be written down first: " + why.detail});
            });
}

void api_state::audit(const exchange_ptr& x) {
  auto wanted = parse_audit(x->request);
  if (!wanted)
    return fail(x, wanted.error());
  answer_from_store(
      x, wanted->scope,
      [what = std::move(wanted->what)](database::store& in) { return in.audit(what); }, audit_json);
}

void api_state::connection_history(const exchange_ptr& x) {
  auto wanted = parse_connection_history(x->request);
  if (!wanted)
    return fail(x, wanted.error());
  answer_from_store(
      x, wanted->scope,
      [what = std::move(wanted->what)](database::store& in) { return in.connections(what); },
      connection_history_json);
}

} // namespace roost::connection::api
