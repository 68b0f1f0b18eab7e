// The way from the API to what was written down.
#include "actors/connection/api/api.hpp"

#include <caf/typed_event_based_actor.hpp>

namespace roost::connection::api {

namespace {

// The pools answer at the deadline; this only finds one that does not.
constexpr std::chrono::seconds margin{2};

} // namespace

failure failure_of(const database::store_error& why) {
  if (why.why == database::store_error::reason::bad_request)
    return {request_error::bad_value, why.text};
  return {request_error::store_unavailable, why.text};
}

void api_state::ask_store(store_scope scope, std::chrono::milliseconds patience,
                          std::function<void(database::store&)> look, std::function<void()> then,
                          std::function<void(const failure&)> failed, std::uint64_t key) {
  if (scope == store_scope::all && config_.pools) {
    const auto pools = config_.pools();
    if (!pools)
      return failed(request_error::shutting_down);
    runtime::ask(self_, pools, patience + margin,
                 ask_shared{database_pool::analytics, patience, std::move(look), key})
        .then([then = std::move(then)](const shared_answered&) { then(); }, std::move(failed));
    return;
  }
  const auto archive = config_.archive();
  if (!archive)
    return failed(request_error::shutting_down);
  const auto was_there = std::make_shared<bool>(false);
  runtime::ask(self_, archive, patience,
               read_archive{[was_there, look = std::move(look)](database::store* in) {
                 *was_there = in != nullptr;
                 if (in != nullptr)
                   look(*in);
               }})
      .then(
          [was_there, then = std::move(then), failed](const archive_read&) {
            if (*was_there)
              then();
            else
              failed({request_error::store_unavailable, {}});
          },
          failed);
}

} // namespace roost::connection::api
