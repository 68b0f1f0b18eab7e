#pragma once

#include "actors/channel/directory.hpp"
#include "actors/connection/audit_trail.hpp"
#include "actors/connection/connections.hpp"
#include "actors/connection/data_dir.hpp"
#include "actors/connection/server.hpp"
#include "actors/connection/token_store.hpp"
#include "actors/database/archive/archive.hpp"
#include "actors/database/backend.hpp"
#include "actors/database/pg/socket_cutter.hpp"
#include "actors/database/pool/pools.hpp"
#include "actors/database/recording/redactor.hpp"
#include "actors/database/recordings_board.hpp"
#include "actors/database/retention_board.hpp"
#include "actors/runtime/config.hpp"
#include "actors/runtime/handle_slot.hpp"
#include "actors/runtime/io_threads.hpp"
#include "actors/runtime/result.hpp"
#include "actors/runtime/scheduler.hpp"
#include "protocols/archive.hpp"
#include "protocols/channels.hpp"
#include "protocols/connection.hpp"
#include "protocols/database.hpp"
#include "protocols/database_types.hpp"
#include "protocols/events.hpp"
#include "protocols/keeper.hpp"
#include "protocols/pools.hpp"
#include "protocols/recording.hpp"
#include "protocols/retention.hpp"
#include "protocols/supervision.hpp"
#include "protocols/terminal.hpp"

#include <caf/actor_system.hpp>

#include <boost/asio/io_context.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace roost {

/// One node: the io_context with its threads, the actor system on it, the supervision tree and the
/// HTTP server. The only place that names every actor. Used by the main thread.
class node {
public:
  explicit node(config settings);
  /// Stops what runs, within the shutdown timeout.
  ~node();
  node(const node&) = delete;
  node& operator=(const node&) = delete;

  /// Opens the data dir, starts actors and listeners. On failure nothing is left running.
  result<void> start();

  /// The URL that logs a browser in. After `start`.
  [[nodiscard]] result<std::string> login_url() const;

  /// Takes over what may change while running (SIGHUP): whoever is connected stays connected.
  void reload(const config& fresh);

  /// Ends connections with 1012, then the terminals, then everything else; programs live on with
  /// the keeper. Bounded: what does not end in time ends with the process. Idempotent.
  void stop();

private:
  [[nodiscard]] result<std::shared_ptr<database::backend>> make_database() const;
  void prepare_for_users();
  void open_channels();
  supervisor_actor spawn_tree();
  result<void> await_sessions_of_before();
  void drain_connections_of(std::chrono::milliseconds limit);
  void drain_requests(std::chrono::milliseconds limit);
  void stop_actors(std::chrono::milliseconds limit);
  [[nodiscard]] runtime::io_place here() {
    return [this]() -> boost::asio::io_context& { return io_->here(); };
  }

  config settings_;
  steady_time started_at_;
  std::unique_ptr<connection::data_dir> data_;
  std::unique_ptr<connection::token_store> tokens_;
  std::string node_id_;
  std::uint64_t boot_ = 0; ///< which start of this node it is
  std::string integration_dir_;
  std::string public_integration_dir_; ///< for sessions of other users

  std::unique_ptr<runtime::io_threads> io_;
  std::unique_ptr<runtime::system_config> system_config_;
  std::unique_ptr<caf::actor_system> system_;

  runtime::handle_slot<events_actor> events_;
  runtime::handle_slot<supervisor_actor> terminal_supervisor_;
  runtime::handle_slot<terminals_actor> terminals_;
  runtime::handle_slot<connections_actor> connections_;
  runtime::handle_slot<keeper_actor> keeper_;
  runtime::handle_slot<database_actor> database_;
  runtime::handle_slot<archive_actor> archive_;
  runtime::handle_slot<recordings_actor> recordings_;
  runtime::handle_slot<pools_actor> pools_;
  runtime::handle_slot<supervisor_actor> channel_supervisor_;
  runtime::handle_slot<channels_actor> channels_;
  runtime::handle_slot<std::shared_ptr<const std::vector<channel_config>>> wanted_channels_;
  std::shared_ptr<std::atomic<std::uint64_t>> session_count_;
  std::shared_ptr<std::atomic<std::uint64_t>> histories_;
  std::shared_ptr<keeper_board> keeper_board_;
  std::shared_ptr<database_board> database_board_;
  std::shared_ptr<database::archive_board> archive_board_;
  std::shared_ptr<connection::audit_trail> audit_;
  std::shared_ptr<std::atomic<std::uint64_t>> unlogged_connections_;
  std::shared_ptr<database::recordings_board> recordings_board_;
  std::shared_ptr<database_pools_board> pools_board_;
  std::shared_ptr<database::retention_board> retention_board_;
  std::shared_ptr<const recording::redaction> redaction_;
  std::shared_ptr<database::socket_cutter>
      cutter_; ///< of the archive's connections, and the pools'
  database::archive_files archive_files_;
  std::optional<database::pools_config> pools_config_; ///< nothing: there is no shared database
  std::shared_ptr<channel::directory> channel_directory_;
  std::shared_ptr<user_limit_counts> user_counts_;
  std::shared_ptr<connection::pool_desk> desk_;
  runtime::handle_slot<connection::pool_settings> pool_settings_;
  std::shared_ptr<std::atomic<bool>> is_draining_;
  supervisor_actor root_;
  std::unique_ptr<connection::server> server_;
  bool is_running_ = false;
};

} // namespace roost
