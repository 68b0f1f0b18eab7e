// The pool of connections, for administrators and for Prometheus.
#include "actors/connection/api/api.hpp"
#include "actors/connection/api/render_channels.hpp"
#include "actors/connection/api/render_database.hpp"
#include "actors/connection/api/render_pool.hpp"
#include "actors/connection/pool_report.hpp"
#include "actors/runtime/metrics.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <charconv>

namespace roost::connection::api {

void api_state::list_connections(const exchange_ptr& x) {
  runtime::ask(self_, config_.pool(), config_.patience, look_at_pool{true})
      .then([this, x](const pool_seen& seen) { send_json(x, 200, connections_json(*seen.report)); },
            [x](const failure& why) { fail(x, why); });
}

void api_state::close_connection(const exchange_ptr& x, const std::string& id) {
  connection_id wanted;
  const char* const last = id.data() + id.size();
  const auto [end, error] = std::from_chars(id.data() + 1, last, wanted.value);
  if (error != std::errc{} || end != last || to_string(wanted) != id)
    return fail(x, {request_error::not_found, "there is no connection with this id"});
  runtime::ask(self_, config_.pool(), config_.patience, end_connection{wanted.value})
      .then(
          [x](const connection_ending&) {
            http_response answer;
            answer.status = 204;
            send(x, std::move(answer));
          },
          [x](const failure& why) { fail(x, why); });
}

void api_state::metrics(const exchange_ptr& x) {
  runtime::ask(self_, config_.pool(), config_.patience, look_at_pool{})
      .then(
          [this, x](const pool_seen& seen) {
            metric_page page;
            page.gauge("roost_info", "What runs, as labels; always 1.", 1,
                       {{"version", config_.version}, {"node", config_.node}});
            page.gauge(
                "roost_uptime_seconds", "Since the server started.",
                std::chrono::duration<double>(config_.time->now() - config_.started_at).count());
            page.gauge("roost_sessions",
                       "Sessions in the list, ended ones that are still kept too.",
                       static_cast<double>(config_.sessions()));
            if (config_.keeper) {
              page.gauge("roost_keeper_up", "Whether the keeper of the programs is connected.",
                         config_.keeper->is_up ? 1 : 0);
              page.counter("roost_keeper_launches_total", "Keepers that this server has started.",
                           static_cast<double>(config_.keeper->launches));
              page.counter("roost_keeper_lost_programs_total",
                           "Programs that ended because their keeper did.",
                           static_cast<double>(config_.keeper->lost_programs));
            }
            if (config_.user_counts) {
              page.counter("roost_user_limit_refusals_total",
                           "Sessions that were not started because their user's sessions take as "
                           "much as they may.",
                           static_cast<double>(config_.user_counts->refused));
              page.counter("roost_user_limit_ends_total",
                           "Sessions that were ended because their user was above the limit of "
                           "memory.",
                           static_cast<double>(config_.user_counts->ended));
            }
            const auto database = config_.database->get();
            add_database_metrics(page, database);
            add_database_pool_metrics(page, pools_in_use(config_.pools_board->get(), database));
            add_archive_metrics(page, *config_.archive_board);
            page.counter("roost_connections_unlogged_total",
                         "WebSockets that came too fast to be written down.",
                         static_cast<double>(config_.unlogged_connections->load()));
            page.counter("roost_audit_passed_over_total",
                         "Refusals that were too many to be written down.",
                         config_.audit ? static_cast<double>(config_.audit->passed_over()) : 0);
            add_recording_metrics(page, *config_.recordings_board);
            add_retention_metrics(page, *config_.retention_board);
            add_pool_metrics(page, *seen.report);
            const auto [banned, bans] = config_.bans();
            page.gauge("roost_connections_banned",
                       "Clients that the kernel keeps away because they flooded.",
                       static_cast<double>(banned));
            page.counter("roost_connections_bans_total", "How often that began.",
                         static_cast<double>(bans));
            const auto shared = std::make_shared<metric_page>(std::move(page));
            with_channels([x, shared](const std::vector<channel_status>& all) {
              add_channel_metrics(*shared, all);
              http_response answer;
              answer.headers = {{"Content-Type", std::string(metric_page::content_type)},
                                {"Cache-Control", "no-store"}};
              answer.body = shared->text();
              send(x, std::move(answer));
            });
          },
          [x](const failure& why) { fail(x, why); });
}

} // namespace roost::connection::api
