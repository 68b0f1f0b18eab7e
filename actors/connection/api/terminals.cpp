// The resource /sessions/{id}/…: what is typed into a terminal and read from it.
#include "actors/connection/api/api.hpp"

#include <caf/typed_event_based_actor.hpp>

namespace roost::connection::api {

void api_state::type(const exchange_ptr& x, const session_id& id) {
  auto wanted = parse_input(x->request);
  if (!wanted)
    return fail(x, wanted.error());
  if (wanted->waits_for_command) {
    const auto patience = wanted->command.timeout + config_.wait_margin;
    relay<command_result>(
        x, id, std::move(wanted->command), patience,
        [x](const command_result& done) { send_json(x, 200, command_result_json(done)); });
    return;
  }
  relay<input_accepted>(
      x, id, std::move(wanted->input), config_.patience,
      [x](const input_accepted& taken) { send_json(x, 202, input_accepted_json(taken)); });
}

void api_state::resize(const exchange_ptr& x, const session_id& id) {
  const auto wanted = parse_resize(x->request.body);
  if (!wanted)
    return fail(x, wanted.error());
  relay<session_info>(x, id, *wanted, config_.patience,
                      [this, x](const session_info& info) { answer_session(x, 200, info); });
}

void api_state::screen(const exchange_ptr& x, const session_id& id) {
  const auto wanted = parse_screen_query(x->request);
  if (!wanted)
    return fail(x, wanted.error());
  const auto format = wanted->format;
  relay<screen_view>(x, id, *wanted, config_.patience, [x, format](const screen_view& view) {
    send(x, screen_response(view, format));
  });
}

void api_state::output(const exchange_ptr& x, const session_id& id) {
  const auto wanted = parse_output_query(x->request);
  if (!wanted)
    return fail(x, wanted.error());
  relay<output_range>(x, id, *wanted, config_.patience,
                      [x](const output_range& range) { send(x, output_response(range)); });
}

void api_state::wait(const exchange_ptr& x, const session_id& id) {
  auto wanted = parse_wait(x->request.body);
  if (!wanted)
    return fail(x, wanted.error());
  const auto patience = wanted->timeout + config_.wait_margin;
  relay<wait_result>(x, id, std::move(*wanted), patience,
                     [x](const wait_result& done) { send_json(x, 200, wait_result_json(done)); });
}

} // namespace roost::connection::api
