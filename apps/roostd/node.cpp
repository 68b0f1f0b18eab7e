#include "apps/roostd/node.hpp"

#include "actors/channel/channels.hpp"
#include "actors/channel/transport/make_transport.hpp"
#include "actors/connection/api/api.hpp"
#include "actors/connection/connections.hpp"
#include "actors/connection/events.hpp"
#include "actors/connection/private_file.hpp"
#include "actors/connection/reception.hpp"
#include "actors/connection/token_sync.hpp"
#include "actors/database/choose_backend.hpp"
#include "actors/database/initializer.hpp"
#include "actors/database/recordings.hpp"
#include "actors/database/retention.hpp"
#include "actors/runtime/log.hpp"
#include "actors/runtime/system_user.hpp"
#include "actors/supervision/supervisor.hpp"
#include "actors/terminal/keeper/keeper_link.hpp"
#include "actors/terminal/keeper/launch.hpp"
#include "actors/terminal/pty/environment.hpp"
#include "actors/terminal/sandbox/offers.hpp"
#include "actors/terminal/shell_integration/inject.hpp"
#include "actors/terminal/terminals.hpp"
#include "protocols/registry.hpp"

#include <boost/asio/steady_timer.hpp>
#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <future>
#include <memory>
#include <variant>

#include <unistd.h>

namespace roost {

namespace {

using std::chrono::milliseconds;

const log::logger& logger() {
  static const log::logger shared{log::context{"node", 0, {}, {}}};
  return shared;
}

terminal::terminal_config terminal_config_of(const config& c) {
  terminal::terminal_config t;
  t.history = c.terminals.history;
  t.scrollback_lines = c.terminals.scrollback_lines;
  t.window = c.connections.window;
  t.input_queue = c.terminals.input_queue;
  t.max_viewers = c.terminals.max_viewers;
  t.fan_out_rate = c.terminals.fan_out_rate;
  t.pause_limit = c.terminals.pause_limit;
  t.ladder = terminal::kill_ladder::from_steps(c.terminals.kill_ladder);
  t.sandbox = c.terminals.sandbox;
  t.run_as = c.terminals.run_as;
  t.restart = c.terminals.restart;
  t.limits = c.terminals.limits;
  t.lifetime = c.terminals.lifetime;
  t.idle_limit = c.terminals.idle_limit;
  t.record = c.recording.enabled;
  return t;
}

connection::ws_config socket_config_of(const config& c) {
  connection::ws_config w;
  w.max_frame = c.connections.max_frame;
  w.heartbeat_interval = c.connections.heartbeat_interval;
  w.heartbeat_timeout = c.connections.heartbeat_timeout;
  w.write_timeout = c.connections.write_timeout;
  w.inbound_rate = c.connections.inbound_rate;
  w.inbound_burst = c.connections.inbound_burst;
  return w;
}

connection::pool_settings pool_settings_of(const config& c) {
  connection::pool_settings p;
  p.limits = connection::pool_limits_of(c.connections);
  p.watch.idle_timeout = c.connections.idle_timeout;
  p.watch.pressure.at = c.connections.pressure_at;
  p.watch.pressure.release = c.connections.pressure_release;
  p.watch.memory_budget = c.connections.memory_budget;
  return p;
}

// From the start of the actors to the last session of an earlier server.
constexpr milliseconds adoption_limit{15'000};
// Where only root makes files and all may read: the data dir is closed to the users of sessions.
constexpr auto public_snippets = "/run/roost-shell-integration";

// 64 channels, with a reason of 200 bytes each.
constexpr std::size_t most_override_bytes = 256 * 1024;

child_rules rules(std::string id, milliseconds shutdown = milliseconds{2'000}) {
  child_rules r;
  r.id = std::move(id);
  r.shutdown = shutdown;
  return r;
}

} // namespace

namespace {

/// As soon as may be; nobody waits.
void write_down(const runtime::handle_slot<archive_actor>& slot, database::record what) {
  const auto archive = slot.get();
  if (!archive)
    return;
  auto batch = std::make_shared<database::record_batch>();
  batch->records.push_back(std::move(what));
  caf::anon_send(archive, keep_records{std::move(batch)});
}

} // namespace

node::node(config settings)
    : settings_(std::move(settings)), started_at_(system_clock::instance().now()),
      session_count_(std::make_shared<std::atomic<std::uint64_t>>(0)),
      histories_(std::make_shared<std::atomic<std::uint64_t>>(0)),
      keeper_board_(std::make_shared<keeper_board>()),
      database_board_(std::make_shared<database_board>()),
      archive_board_(std::make_shared<database::archive_board>()),
      audit_(std::make_shared<connection::audit_trail>(
          system_clock::instance(),
          [slot = archive_](database::audit_record what) { write_down(slot, std::move(what)); })),
      unlogged_connections_(std::make_shared<std::atomic<std::uint64_t>>(0)),
      recordings_board_(std::make_shared<database::recordings_board>()),
      pools_board_(std::make_shared<database_pools_board>()),
      retention_board_(std::make_shared<database::retention_board>()),
      cutter_(std::make_shared<database::socket_cutter>()),
      channel_directory_(std::make_shared<channel::directory>(system_clock::instance())),
      user_counts_(std::make_shared<user_limit_counts>()),
      desk_(std::make_shared<connection::pool_desk>(
          connection::pool_limits_of(settings_.connections))),
      is_draining_(std::make_shared<std::atomic<bool>>(false)) {
  pool_settings_.put(pool_settings_of(settings_));
  wanted_channels_.put(std::make_shared<const std::vector<channel_config>>(settings_.channels));
}

node::~node() { stop(); }

result<void> node::start() {
  auto data = connection::data_dir::open(settings_.data_dir);
  if (!data)
    return data.error();
  data_ = std::move(*data);
  auto tokens =
      connection::token_store::open(data_->path(), system_clock::instance(), os_random::instance());
  if (!tokens)
    return tokens.error();
  tokens_ = std::move(*tokens);
  ROOST_TRY(node_id_, data_->node_id(os_random::instance()));
  if (settings_.database.share_tokens) {
    if (auto known = tokens_->load_shared(); !known)
      return known;
  }
  tokens_->tell([slot = archive_, node = node_id_](const connection::token& row,
                                                   std::optional<wall_time> revoked_at) {
    write_down(slot, connection::to_record(row, node, revoked_at));
  });
  ROOST_TRY(boot_, data_->next_boot());
  if (auto usable = make_database(); !usable)
    return usable.error();
  ROOST_TRY(archive_files_, database::choose_files(settings_.database, data_->path(),
                                                   settings_.node_name, cutter_));
  ROOST_TRY(pools_config_,
            database::choose_pools(settings_.database, settings_.node_name, cutter_));
  ROOST_TRY(redaction_, recording::redaction::make(settings_.recording.redact));
  if (settings_.terminals.shell_integration) {
    auto installed = terminal::install_shell_integration(data_->path());
    if (!installed)
      return installed.error();
    integration_dir_ = *installed;
  }
  prepare_for_users();
  open_channels();

  const auto threads =
      settings_.threads > 0 ? settings_.threads : std::max(1U, std::thread::hardware_concurrency());
  io_ = std::make_unique<runtime::io_threads>(threads);
  system_config_ = std::make_unique<runtime::system_config>(here());
  register_messages(*system_config_);
  system_config_->add_message_types<caf::id_block::roost_api>();
  system_ = std::make_unique<caf::actor_system>(*system_config_);
  // Shutdown is ours to order and to bound; CAF would wait for the last actor for ever.
  system_->await_actors_before_shutdown(false);
  is_running_ = true;
  root_ = spawn_tree();
  runtime::handle_slot<connection::api::api_actor> api;
  connection::api::api_config about;
  about.node = settings_.node_name;
  about.version = ROOST_VERSION;
  about.started_at = started_at_;
  about.terminals = terminals_;
  about.events = events_;
  about.channels = channel_directory_;
  about.run_as = settings_.terminals.run_as;
  about.own_user = current_user().name;
  about.tokens = {[this](const auto& wanted) { return tokens_->create(wanted); },
                  [this] { return tokens_->list(); },
                  [this](std::string_view id) { return tokens_->revoke(id); }};
  about.sandboxes = [profiles = settings_.terminals.sandbox] {
    return terminal::offer_profiles(profiles, terminal::find_obstacles());
  };
  about.pool = connections_;
  about.bans = [this] {
    const auto banned = server_->banned(); // it is there before the first request is
    return std::pair(banned.now, banned.total);
  };
  about.sessions = [count = session_count_] { return count->load(std::memory_order_relaxed); };
  about.user_counts = user_counts_;
  about.keeper = keeper_board_;
  about.database = database_board_;
  about.archive = archive_;
  about.audit = audit_;
  about.unlogged_connections = unlogged_connections_;
  about.archive_board = archive_board_;
  if (pools_config_)
    about.pools = pools_;
  about.pools_board = pools_board_;
  about.retention_board = retention_board_;
  about.recordings_board = recordings_board_;
  about.is_draining = [draining = is_draining_] { return draining->load(); };
  about.login_url = [this] { return login_url(); };
  caf::scoped_actor self{*system_};
  auto added = failure{setup_error::internal, {}};
  bool is_added = false;
  self->request(root_, milliseconds{5'000},
                add_child{supervised(rules("api"),
                                     [api, about](const child_start& s) {
                                       auto handle = s.system.spawn(connection::api::api, about);
                                       api.put(handle);
                                       return handle;
                                     })})
      .receive([&](const child_handle&) { is_added = true; },
               [&](const caf::error& why) { added = from_caf(why); });
  if (!is_added)
    return added;
  if (auto ready = await_sessions_of_before(); !ready)
    return ready;

  connection::server_options options{
      io_->first(),
      settings_,
      *data_,
      *tokens_,
      connection::api::handler_for(api),
      [pool = connections_](connection::ws_handoff handoff) {
        caf::anon_send(pool.get(), open_connection{std::make_shared<connection::ws_handoff>(
                                       std::move(handoff))});
      }};
  options.desk = desk_;
  options.audit = audit_;
  options.place = [this]() -> boost::asio::io_context& { return io_->next(); };
  server_ = std::make_unique<connection::server>(std::move(options));
  return server_->start();
}

/// What administrators have set by hand outlives the server.
void node::open_channels() {
  const auto path = data_->path() + "/channel-overrides.json";
  const auto kept = connection::read_private_file(path, most_override_bytes);
  if (!kept)
    logger().warn("overrides of channels cannot be read, and are forgotten",
                  log::kv("why", kept.error().detail));
  channel_directory_->open(channel::parse_overrides(kept ? kept->value_or("") : ""),
                           [path](const auto& all) {
                             const auto text = channel::render_overrides(all);
                             if (auto ok = connection::write_private_file(path, text); !ok)
                               logger().warn("overrides of channels cannot be written down",
                                             log::kv("why", ok.error().detail));
                           });
}

result<std::shared_ptr<database::backend>> node::make_database() const {
  return database::choose_backend(settings_.database, data_->path(),
                                  {node_id_, settings_.node_name, ROOST_VERSION},
                                  os_random::instance());
}

void node::prepare_for_users() {
  if (::geteuid() != 0)
    return;
  if (!settings_.terminals.run_as.is_set())
    logger().warn("sessions run as root: whoever may start one may do anything here; "
                  "terminals.run_as.default says whom they run as (root, to be told no more)");
  if (!settings_.terminals.run_as.is_set() || !settings_.terminals.shell_integration)
    return;
  const auto installed = terminal::install_public_shell_integration(public_snippets);
  if (installed)
    public_integration_dir_ = *installed;
  else
    logger().warn("shells of other users go without shell integration: its files cannot be written",
                  log::kv("folder", public_snippets));
}

supervisor_actor node::spawn_tree() {
  connection::events_config bus;
  bus.node = settings_.node_name;

  supervision::supervisor_config terminal_children;
  terminal_children.name = "terminals";

  auto surroundings = std::make_shared<terminal::spawn_context>();
  surroundings->server = terminal::environment::of_this_process();
  surroundings->user = current_user();
  surroundings->identity.server = "unix:" + data_->socket_path();
  surroundings->identity.version = ROOST_VERSION;
  surroundings->default_command = settings_.terminals.default_command;
  surroundings->integration_dir = integration_dir_;
  surroundings->public_integration_dir = public_integration_dir_;

  terminal::terminals_context directory;
  directory.place = here();
  directory.clock = &system_clock::instance();
  directory.terminal = terminal_config_of(settings_);
  directory.spawn = surroundings;
  directory.node = settings_.node_name;
  directory.max_sessions = settings_.terminals.max;
  directory.max_per_user = settings_.terminals.max_per_user;
  directory.user_limits = settings_.terminals.user_limits;
  directory.user_counts = user_counts_;
  directory.exited_retention = settings_.terminals.exited_retention;
  directory.supervisor = terminal_supervisor_;
  directory.events = events_;
  directory.archive = archive_;
  directory.recordings = recordings_;
  directory.count = session_count_;
  directory.histories = histories_;
  directory.keeper = keeper_;
  directory.keeper_program = terminal::find_keeper_program();
  directory.data_dir = data_->path();
  directory.board = keeper_board_;

  terminal::keeper_config keeper;
  keeper.place = here();
  keeper.folder = data_->path() + "/keeper";
  keeper.program = directory.keeper_program;
  keeper.drains = settings_.terminals.keep_reading;
  keeper.directory = terminals_;
  keeper.board = keeper_board_;

  connection::pool_context pool;
  pool.connection.node = settings_.node_name;
  pool.connection.socket =
      std::make_shared<const connection::ws_config>(socket_config_of(settings_));
  pool.connection.max_streams = settings_.connections.max_streams;
  pool.connection.window = settings_.connections.window;
  pool.connection.terminals = terminals_;
  pool.connection.events = events_;
  pool.connection.channels = channel_directory_;
  pool.connection.desk = desk_;
  pool.desk = desk_;
  pool.log = {node_id_, boot_};
  pool.archive = archive_;
  pool.unlogged = unlogged_connections_;
  pool.histories = histories_;

  database::initializer_config store;
  store.machine.backend = database::backend_of(settings_.database);
  store.machine.grace = settings_.database.grace;
  store.machine.retry.longest = settings_.database.retry_longest;
  store.check_interval = settings_.database.check_interval;
  store.board = database_board_;
  store.events = events_;

  database::archive_config archive;
  archive.queue = {node_id_, boot_, settings_.database.memory};
  archive.spool = settings_.database.spool;
  archive.grace = settings_.database.grace;
  archive.board = archive_board_;
  archive.database = database_board_;
  archive.initializer = database_;
  archive.make_workers = [files = archive_files_](caf::local_actor& parent) {
    return database::spawn_archive_workers(parent, files);
  };

  auto pools = pools_config_.value_or(database::pools_config{});
  pools.database = database_board_;
  pools.board = pools_board_;

  database::recordings_config recorder;
  recorder.limits.max_total = settings_.recording.max_per_session;
  recorder.patterns = redaction_;
  recorder.terminals = terminals_;
  recorder.archive = archive_;
  recorder.board = recordings_board_;
  recorder.waiting = archive_board_;
  recorder.most_waiting = settings_.database.memory / 2;

  connection::token_sync_config sync;
  sync.node = node_id_;
  sync.tokens = tokens_.get();
  sync.is_shared = settings_.database.share_tokens;
  sync.archive = archive_;
  if (pools_config_)
    sync.pools = pools_;

  database::retention_config old;
  old.times = {settings_.database.retention, settings_.database.audit_retention,
               settings_.recording.retention};
  old.node_uuid = node_id_;
  old.boot_epoch = boot_;
  old.archive = archive_;
  if (pools_config_)
    old.pools = pools_;
  old.written = archive_board_;
  old.board = retention_board_;

  supervision::supervisor_config root;
  root.name = "node";
  root.children = {
      supervised(rules("events"),
                 [slot = events_, bus](const child_start& s) {
                   auto handle = s.system.spawn(connection::events, bus);
                   slot.put(handle);
                   return handle;
                 }),
      // A connection that is being made is waited for.
      supervised(rules("database", settings_.database.connect_timeout + milliseconds{1'000}),
                 [this, store](const child_start& s) {
                   auto now = store; // what an incarnation stopped stays stopped
                   now.what = make_database().value();
                   auto handle = s.system.spawn(database::initializer, std::move(now));
                   database_.put(handle);
                   return handle;
                 }),
      // Ends after whoever writes to it.
      supervised(rules("archive"),
                 [slot = archive_, archive](const child_start& s) {
                   auto handle = s.system.spawn(database::archive, archive);
                   slot.put(handle);
                   return handle;
                 }),
      supervised(
          rules("tokens"),
          [sync](const child_start& s) { return s.system.spawn(connection::token_sync, sync); }),
      // Ends after the terminals: a keeper without a server may begin to read for the programs, and
      // then what terminals still read and write down would be lost.
      supervised(rules("keeper"),
                 [slot = keeper_, keeper](const child_start& s) {
                   auto handle = s.system.spawn(terminal::keeper_link, keeper);
                   slot.put(handle);
                   return handle;
                 }),
      // Terminals write down what the next server must know; the screen with all its lines takes
      // some milliseconds each.
      supervised(rules("terminals", settings_.shutdown_timeout),
                 [slot = terminal_supervisor_, terminal_children](const child_start& s) {
                   auto handle = s.system.spawn(supervision::supervisor, terminal_children);
                   slot.put(handle);
                   return handle;
                 }),
      supervised(rules("directory"),
                 [slot = terminals_, directory](const child_start& s) {
                   auto handle = s.system.spawn(terminal::terminals, directory);
                   slot.put(handle);
                   return handle;
                 }),
      // Compresses, which takes a while: on a thread of its own.
      supervised(rules("recordings"),
                 [slot = recordings_, recorder](const child_start& s) {
                   auto handle = s.system.spawn<caf::detached>(database::recordings, recorder);
                   slot.put(handle);
                   return handle;
                 }),
      supervised(rules("connections"),
                 [slot = connections_, pool, settings = pool_settings_](const child_start& s) {
                   auto now = pool;
                   now.settings = settings.get(); // as of the latest reload
                   auto handle = s.system.spawn(connection::connections, std::move(now));
                   slot.put(handle);
                   return handle;
                 }),
  };
  channel::channels_config helpers;
  helpers.shared.channels = channel_directory_;
  helpers.shared.events = events_;
  helpers.shared.connect = [this](const channel_config& c, std::uint64_t seed) {
    return channel::make_transport(io_->next(), c.transport, c.max_answer, c.name, seed);
  };
  helpers.supervisor = channel_supervisor_;
  helpers.wanted = wanted_channels_;
  root.children.push_back(supervised(rules("channel-supervisor", settings_.shutdown_timeout),
                                     [slot = channel_supervisor_](const child_start& s) {
                                       supervision::supervisor_config children;
                                       children.name = "channels";
                                       auto handle = s.system.spawn(supervision::supervisor,
                                                                    std::move(children));
                                       slot.put(handle);
                                       return handle;
                                     }));
  root.children.push_back(
      supervised(rules("channels"), [slot = channels_, helpers](const child_start& s) {
        auto handle = s.system.spawn(channel::channels, helpers);
        slot.put(handle);
        return handle;
      }));
  // Ends first: whoever asks has an answer.
  if (pools_config_)
    root.children.push_back(
        supervised(rules("pools"), [slot = pools_, pools](const child_start& s) {
          auto handle = s.system.spawn(database::pools, pools);
          slot.put(handle);
          return handle;
        }));
  root.children.push_back(supervised(rules("retention"), [old](const child_start& s) {
    return s.system.spawn(database::retention, old);
  }));
  return system_->spawn(supervision::supervisor, std::move(root));
}

result<void> node::await_sessions_of_before() {
  // Nobody may be told that a session is gone which is only not back yet.
  caf::scoped_actor self{*system_};
  result<void> out;
  self->request(terminals_.get(), adoption_limit, await_sessions{})
      .receive(
          [](const sessions_ready& x) {
            if (x.adopted > 0 || x.failed > 0)
              logger().info("sessions of an earlier server are back",
                            log::kv("sessions", x.adopted), log::kv("lost", x.failed));
          },
          [&](const caf::error&) {
            out = failure{setup_error::internal,
                          "the keeper does not answer, so no terminal could run; see the log"};
          });
  return out;
}

result<std::string> node::login_url() const { return server_->login_url(); }

void node::reload(const config& fresh) {
  log::set_level(fresh.log.level);
  settings_ = fresh;
  pool_settings_.put(pool_settings_of(fresh));
  wanted_channels_.put(std::make_shared<const std::vector<channel_config>>(fresh.channels));
  caf::anon_send(channels_.get(), reload_channels{wanted_channels_.get()});
  caf::anon_send(connections_.get(), reload_pool{std::make_shared<const connection::pool_settings>(
                                         pool_settings_.get())});
}

void node::drain_connections_of(milliseconds limit) {
  caf::scoped_actor self{*system_};
  self->request(connections_.get(), limit + milliseconds{500}, drain_connections{limit})
      .receive(
          [](const connections_drained& x) {
            if (x.left > 0)
              logger().warn("connections did not close in time", log::kv("left", x.left));
          },
          [](const caf::error& why) {
            logger().warn("connections could not be drained",
                          log::kv("why", describe(from_caf(why)).name));
          });
}

void node::drain_requests(milliseconds limit) {
  const auto done = std::make_shared<std::promise<void>>();
  server_->drain(limit, [done] { done->set_value(); });
  if (done->get_future().wait_for(limit + milliseconds{500}) != std::future_status::ready)
    logger().warn("requests did not end in time");
  server_->stop();
}

void node::stop_actors(milliseconds limit) {
  caf::scoped_actor self{*system_};
  self->monitor(root_);
  self->send_exit(root_, caf::exit_reason::user_shutdown);
  bool has_ended = false;
  self->receive([&](const caf::down_msg&) { has_ended = true; }, caf::after(limit) >> [] {});
  if (!has_ended)
    logger().error("actors did not end in time", log::kv("limit_ms", limit.count()));
}

void node::stop() {
  if (!is_running_)
    return;
  is_running_ = false;
  is_draining_->store(true);
  const auto limit = settings_.shutdown_timeout;
  if (server_ && settings_.connections.drain_delay.count() > 0) {
    logger().info("not ready any more",
                  log::kv("drain_delay_ms", settings_.connections.drain_delay.count()));
    boost::asio::io_context waiting;
    boost::asio::steady_timer delay(waiting, settings_.connections.drain_delay);
    delay.async_wait([](const boost::system::error_code&) {});
    waiting.run();
  }
  if (server_)
    server_->stop_accepting();
  drain_connections_of(std::min(limit / 4, milliseconds{2'500}));
  if (server_)
    drain_requests(std::min(limit / 8, milliseconds{1'000}));
  stop_actors(limit);
  cutter_->cut_all(); // a worker may wait for a database that is frozen
  root_ = nullptr;
  if (tokens_)
    tokens_->save_usage();
  // Handles first, then the system, then the threads that ran its actors.
  events_.clear();
  terminal_supervisor_.clear();
  terminals_.clear();
  connections_.clear();
  keeper_.clear();
  database_.clear();
  archive_.clear();
  recordings_.clear();
  pools_.clear();
  channel_directory_->clear();
  channels_.clear();
  channel_supervisor_.clear();
  server_.reset();
  // A timer holds its actor, and an actor with a thread of its own that thread.
  system_->clock().cancel_all();
  system_.reset();
  io_->stop();
  logger().info("node stopped");
}

} // namespace roost
