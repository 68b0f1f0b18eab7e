// Who did what: written down here, and told to administrators.
#include "actors/connection/api/api.hpp"
#include "actors/connection/api/render_audit.hpp"
#include "actors/database/archive/write_queue.hpp"
#include "actors/database/store/store.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <utility>

namespace roost::connection::api {

namespace {

failure failure_of(const database::store_error& why) {
  if (why.why == database::store_error::reason::bad_request)
    return {request_error::bad_value, why.text};
  return {request_error::store_unavailable, why.text};
}

} // namespace

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

template <class Row, class Ask>
void api_state::answer_page(const exchange_ptr& x, Ask ask,
                            std::string (*render)(const database::page<Row>&)) {
  const auto archive = config_.archive();
  if (!archive)
    return fail(x, request_error::shutting_down);
  using found_page = result<database::page<Row>>;
  const auto found = std::make_shared<found_page>(failure{request_error::store_unavailable, {}});
  runtime::ask(self_, archive, config_.patience,
               read_archive{[found, ask = std::move(ask)](database::store* store) {
                 if (store == nullptr)
                   return;
                 auto rows = ask(*store);
                 *found = rows ? found_page(std::move(*rows)) : failure_of(rows.error());
               }})
      .then(
          [x, found, render](const archive_read&) {
            if (*found)
              return send_json(x, 200, render(**found));
            fail(x, found->error());
          },
          [x](const failure& why) { fail(x, why); });
}

void api_state::audit(const exchange_ptr& x) {
  auto wanted = parse_audit(x->request);
  if (!wanted)
    return fail(x, wanted.error());
  answer_page<database::audit_record>(
      x, [wanted = std::move(*wanted)](database::store& store) { return store.audit(wanted); },
      audit_json);
}

void api_state::connection_history(const exchange_ptr& x) {
  auto wanted = parse_connection_history(x->request);
  if (!wanted)
    return fail(x, wanted.error());
  answer_page<database::connection_record>(
      x,
      [wanted = std::move(*wanted)](database::store& store) { return store.connections(wanted); },
      connection_history_json);
}

} // namespace roost::connection::api
