// What concerns the node as a whole: events, tokens, status, readiness.
#include "actors/connection/api/api.hpp"
#include "actors/connection/api/render_channels.hpp"
#include "actors/connection/api/render_database.hpp"
#include "actors/connection/api/render_pool.hpp"
#include "actors/connection/pool_report.hpp"

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
  if (!wanted->run_as.empty() && !config_.run_as.allows(wanted->run_as, config_.own_user))
    return fail(x, {terminal_error::run_as_refused,
                    "run_as: sessions may not run as this user; terminals.run_as.allowed of the "
                    "server says as whom they may"});
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
  std::vector<component> out{
      {"server", !is_draining, is_draining ? "the server is shutting down" : ""}};
  out.push_back(database_component(config_.database->get()));
  if (config_.keeper) {
    const bool is_up = config_.keeper->is_up;
    out.push_back({"keeper", is_up, is_up ? "" : "it is not there; the log says why"});
  }
  return out;
}

void api_state::examine(std::function<void(examination)> then) {
  examination found;
  found.parts = own_components();
  found.parts.push_back({"events", static_cast<bool>(config_.events()), ""});
  if (!found.parts.back().is_ready)
    found.parts.back().reason = "the event bus is not running";
  // Asked for, not assumed: a part that hangs is not ready.
  const auto ask_channels = [this, then = std::move(then)](examination so_far) {
    with_channels([so_far, then](const std::vector<channel_status>& all) mutable {
      so_far.parts.push_back(channels_component(all));
      then(std::move(so_far));
    });
  };
  const auto ask_terminals = [this, ask_channels](examination so_far) {
    runtime::ask(self_, config_.terminals(), config_.lookup_patience, list_sessions{})
        .then(
            [so_far, ask_channels](const session_list& all) mutable {
              so_far.parts.push_back({"terminals", true, ""});
              so_far.sessions = all;
              ask_channels(std::move(so_far));
            },
            [so_far, ask_channels](const failure&) mutable {
              so_far.parts.push_back(
                  {"terminals", false, "the directory of sessions does not answer"});
              ask_channels(std::move(so_far));
            });
  };
  runtime::ask(self_, config_.pool(), config_.lookup_patience, look_at_pool{})
      .then(
          [found, ask_terminals](const pool_seen& seen) mutable {
            found.connections = seen.report->open;
            // A full pool refuses newcomers and serves those it has: that is its work.
            found.parts.push_back({"pool", true, pressure_text(seen.report->pressure)});
            ask_terminals(std::move(found));
          },
          [found, ask_terminals](const failure&) mutable {
            found.parts.push_back({"pool", false, "the pool of connections does not answer"});
            ask_terminals(std::move(found));
          });
}

void api_state::status(const exchange_ptr& x) {
  examine([this, x](examination found) {
    node_status out;
    out.node = config_.node;
    out.version = config_.version;
    out.uptime = std::chrono::duration_cast<std::chrono::milliseconds>(config_.time->now() -
                                                                       config_.started_at);
    for (const auto& session : found.sessions.sessions)
      out.sessions += x->request.who.may_see(session.id) ? 1 : 0;
    out.connections = static_cast<std::uint32_t>(found.connections);
    out.components = std::move(found.parts);
    send_json(x, 200, status_json(out));
  });
}

void api_state::show_database(const exchange_ptr& x) {
  const auto report = config_.database->get();
  send_json(x, 200,
            database_json(report, pools_in_use(config_.pools_board->get(), report),
                          *config_.archive_board));
}

void api_state::readiness(const exchange_ptr& x) {
  examine([x](const examination& found) { send(x, readiness_response(found.parts)); });
}

} // namespace roost::connection::api
