#include "actors/connection/api/api.hpp"

#include "actors/connection/api/openapi.hpp"
#include "actors/connection/api/render_database.hpp"
#include "actors/connection/problem.hpp"

#include <boost/json/serialize.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace roost::connection::api {

namespace {

const log::logger& logger() {
  static const log::logger instance{log::context{"api", 0, {}, {}}};
  return instance;
}

/// What does not depend on the row: answers for paths and methods that the table does not have.
http_response no_such_row(const http_request& request, const match& found) {
  if (!found.path_is_known)
    return problem_response({request_error::not_found,
                             "there is nothing at this path; GET /api/v1/openapi.json "
                             "lists what there is"},
                            request.correlation);
  const auto allowed = allowed_methods(request.path);
  http_response answer;
  if (request.method == "OPTIONS")
    answer.status = 204;
  else
    answer = problem_response({request_error::method_not_allowed, "allowed here: " + allowed},
                              request.correlation);
  answer.headers.emplace_back("Allow", allowed);
  return answer;
}

/// All checks that the row asks for.
result<void> check(const route& row, const http_request& request, std::string_view id) {
  if (auto ok = authorize(row, request.who, id, request.is_local); !ok)
    return ok;
  if (auto ok = check_query(row, request); !ok)
    return ok;
  return check_body(row, request);
}

} // namespace

void api_state::handle(const exchange_ptr& x) {
  const auto& request = x->request;
  const auto found = find_route(request.method, request.path);
  if (!found.row) {
    send(x, no_such_row(request, found));
    return;
  }
  const auto told = audited(x, act_of(found.row->handler), found.id);
  if (auto ok = check(*found.row, request, found.id); !ok) {
    fail(told, ok.error());
    return;
  }
  dispatch(*found.row, told, found.id);
}

void api_state::dispatch(const route& row, const exchange_ptr& x, const std::string& id) {
  const auto what = act_of(row.handler);
  if (what.written == act::when::first)
    return write_down_first(x, what, id, [this, &row, x, id] { perform(row, x, id); });
  if (what.written == act::when::asked && config_.audit)
    config_.audit->note(x->request, what.name, {"asked", {}, id});
  perform(row, x, id);
}

void api_state::perform(const route& row, const exchange_ptr& x, const std::string& id) {
  session_id session;
  if (row.scope == scope_rule::own) {
    auto parsed = parse_session_id(id);
    if (!parsed) {
      fail(x, parsed.error());
      return;
    }
    session = std::move(*parsed);
  }
  switch (row.handler) {
  case handler_id::create_session:
    return create(x);
  case handler_id::list_sessions:
    return list(x);
  case handler_id::get_session:
    return describe(x, session);
  case handler_id::update_session:
    return update(x, session);
  case handler_id::delete_session:
    return remove(x, session);
  case handler_id::send_input:
    return type(x, session);
  case handler_id::resize_session:
    return resize(x, session);
  case handler_id::get_screen:
    return screen(x, session);
  case handler_id::get_output:
    return output(x, session);
  case handler_id::wait_session:
    return wait(x, session);
  case handler_id::get_recording:
    return recording(x, session);
  case handler_id::watch_events:
    return watch(x);
  case handler_id::list_sandboxes:
    return send_json(x, 200, sandbox_list_json(config_.sandboxes()));
  case handler_id::get_openapi:
    return send_json(x, 200, openapi_json(config_.version));
  case handler_id::list_tokens:
    return list_tokens(x);
  case handler_id::create_token:
    return create_token(x);
  case handler_id::revoke_token:
    return revoke_token(x, id);
  case handler_id::get_status:
    return status(x);
  case handler_id::get_login_url:
    return login_url(x);
  case handler_id::get_health:
    return send_json(x, 200, R"({"alive":true})");
  case handler_id::get_readiness:
    return readiness(x);
  case handler_id::list_connections:
    return list_connections(x);
  case handler_id::close_connection:
    return close_connection(x, id);
  case handler_id::list_audit:
    return audit(x);
  case handler_id::list_past_connections:
    return connection_history(x);
  case handler_id::list_history:
    return history(x);
  case handler_id::search_text:
    return search(x);
  case handler_id::get_database:
    return show_database(x);
  case handler_id::get_metrics:
    return metrics(x);
  case handler_id::list_channels:
    return list_channels(x);
  case handler_id::get_channel:
    return describe_channel(x, id);
  case handler_id::call_channel:
    return call_helper(x, id);
  case handler_id::set_override:
    return override_breaker(x, id, true);
  case handler_id::clear_override:
    return override_breaker(x, id, false);
  }
}

void api_state::with_session(const exchange_ptr& x, const session_id& id, session_callback then) {
  runtime::ask(self_, config_.terminals(), config_.lookup_patience, find_session{id})
      .then([then = std::move(then)](const session_handle& found) { then(found); },
            [x](const failure& why) { fail(x, why); });
}

void api_state::answer_session(const exchange_ptr& x, unsigned status, const session_info& info) {
  send_json(x, status, boost::json::serialize(session_json(info, config_.node)));
}

void api_state::send(const exchange_ptr& x, http_response answer) {
  x->answer.send(std::move(answer));
}

void api_state::send_json(const exchange_ptr& x, unsigned status, std::string body) {
  send(x, json_response(status, std::move(body)));
}

void api_state::fail(const exchange_ptr& x, const failure& why) {
  if (roost::describe(why).http_status >= 500)
    logger()
        .with_correlation(x->request.correlation)
        .warn("request failed", log::kv("path", x->request.path),
              log::kv("error", roost::describe(why).name));
  send(x, problem_response(why, x->request.correlation));
}

api_actor::behavior_type api(api_actor::stateful_pointer<api_state> self, api_config config) {
  runtime::arm(self);
  self->state.open(std::move(config));
  return {
      [self](const http_call& x) { self->state.handle(x.what); },
      [self](const go_on_recording& x) { self->state.send_piece(x.what); },
  };
}

http_handler handler_for(std::function<api_actor()> present) {
  return [present = std::move(present)](http_request request, responder answer) {
    const auto to = present();
    if (!to) {
      const auto correlation = request.correlation;
      answer.send(problem_response(request_error::shutting_down, correlation));
      return;
    }
    caf::anon_send(to, http_call{std::make_shared<const exchange>(
                           exchange{std::move(request), std::move(answer)})});
  };
}

} // namespace roost::connection::api
