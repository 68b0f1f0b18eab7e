// What concerns the node as a whole: events, tokens, status, readiness.
#include "actors/connection/api/api.hpp"

#include <boost/json/serialize.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace roost::connection::api {

void api_state::watch(const exchange_ptr& x) {
  auto what = parse_events(x->request);
  if (!what)
    return fail(x, what.error());
  const auto bus = config_.events();
  if (!bus)
    return fail(x, request_error::shutting_down);
  http_response head;
  head.headers = {{"Content-Type", "text/event-stream"},
                  {"Cache-Control", "no-store"},
                  // nginx holds answers back until they are large, unless told not to.
                  {"X-Accel-Buffering", "no"}};
  // The bus finds out at its next write that a client has gone, at the latest with its heartbeat.
  auto stream = x->answer.start_stream(std::move(head), [] {});
  if (!stream)
    return fail(x, request_error::internal);
  stream_events wanted{
      std::move(*what),
      [to = *stream](const std::shared_ptr<const std::string>& text) { return to.write(*text); },
      [to = *stream] { to.close(); }};
  runtime::ask(self_, bus, config_.lookup_patience, std::move(wanted))
      .then([](const events_subscribed&) {}, [to = *stream](const failure&) { to.close(); });
}

void api_state::list_tokens(const exchange_ptr& x) {
  send_json(x, 200, token_list_json(config_.tokens.list()));
}

void api_state::create_token(const exchange_ptr& x) {
  const auto wanted = parse_token_request(x->request.body, config_.time->now_wall());
  if (!wanted)
    return fail(x, wanted.error());
  const auto made = config_.tokens.create(*wanted);
  if (!made)
    return fail(x, made.error());
  send_json(x, 201, new_token_json(*made));
}

void api_state::revoke_token(const exchange_ptr& x, const std::string& id) {
  if (auto ok = config_.tokens.revoke(id); !ok)
    return fail(x, ok.error());
  http_response answer;
  answer.status = 204;
  send(x, std::move(answer));
}

void api_state::login_url(const exchange_ptr& x) {
  const auto url = config_.login_url();
  if (!url)
    return fail(x, url.error());
  send_json(x, 200, boost::json::serialize(boost::json::object{{"url", *url}}));
}

std::vector<component> api_state::own_components() const {
  const auto is_draining = config_.is_draining();
  return {{"server", !is_draining, is_draining ? "the server is shutting down" : ""}};
}

void api_state::examine(std::function<void(std::vector<component>, session_list)> then) {
  auto parts = own_components();
  parts.push_back({"events", static_cast<bool>(config_.events()), ""});
  if (!parts.back().is_ready)
    parts.back().reason = "the event bus is not running";
  // Asked for, not assumed: a directory that hangs is not ready.
  runtime::ask(self_, config_.terminals(), config_.lookup_patience, list_sessions{})
      .then(
          [parts, then](const session_list& all) mutable {
            parts.push_back({"terminals", true, ""});
            then(std::move(parts), all);
          },
          [parts, then](const failure&) mutable {
            parts.push_back({"terminals", false, "the directory of sessions does not answer"});
            then(std::move(parts), {});
          });
}

void api_state::status(const exchange_ptr& x) {
  examine([this, x](std::vector<component> parts, const session_list& all) {
    node_status out;
    out.node = config_.node;
    out.version = config_.version;
    out.uptime = std::chrono::duration_cast<std::chrono::milliseconds>(config_.time->now() -
                                                                       config_.started_at);
    for (const auto& session : all.sessions)
      out.sessions += x->request.who.may_see(session.id) ? 1 : 0;
    out.connections = config_.connections();
    out.components = std::move(parts);
    send_json(x, 200, status_json(out));
  });
}

void api_state::readiness(const exchange_ptr& x) {
  examine([x](std::vector<component> parts, const session_list&) {
    send(x, readiness_response(parts));
  });
}

} // namespace roost::connection::api
