#pragma once

#include "actors/channel/directory.hpp"
#include "actors/connection/api/acts.hpp"
#include "actors/connection/api/render.hpp"
#include "actors/connection/api/requests.hpp"
#include "actors/connection/api/routes.hpp"
#include "actors/connection/api/store_query.hpp"
#include "actors/connection/audit_trail.hpp"
#include "actors/connection/http_types.hpp"
#include "actors/connection/token_set.hpp"
#include "actors/database/archive/archive_board.hpp"
#include "actors/database/recordings_board.hpp"
#include "actors/database/retention_board.hpp"
#include "actors/database/store/store.hpp"
#include "actors/runtime/actor_base.hpp"
#include "actors/runtime/clock.hpp"
#include "actors/runtime/config_run_as.hpp"
#include "actors/runtime/log.hpp"
#include "actors/runtime/result.hpp"
#include "protocols/archive.hpp"
#include "protocols/connection.hpp"
#include "protocols/database_types.hpp"
#include "protocols/events.hpp"
#include "protocols/keeper.hpp"
#include "protocols/pools.hpp"
#include "protocols/terminal.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace roost::connection::api {

/// A request on its way through the API and the means to answer it. Whoever drops the last share of
/// it unanswered has it answered with a 500, so no path can forget the caller.
struct exchange {
  http_request request;
  responder answer;
};
using exchange_ptr = std::shared_ptr<const exchange>;

/// Hands a request to the API.
struct http_call {
  exchange_ptr what;
};
/// Why a store has no answer, as callers are told.
failure failure_of(const database::store_error& why);

struct recording_job;
/// The client has taken what it was sent of a recording.
struct go_on_recording {
  std::shared_ptr<recording_job> what;
};

} // namespace roost::connection::api

CAF_BEGIN_TYPE_ID_BLOCK(roost_api, caf::first_custom_type_id + 350)
CAF_ADD_TYPE_ID(roost_api, (roost::connection::api::http_call))
CAF_ADD_TYPE_ID(roost_api, (roost::connection::api::go_on_recording))
CAF_END_TYPE_ID_BLOCK(roost_api)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::connection::api::http_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::connection::api::go_on_recording)

namespace roost::connection::api {

using api_actor = caf::typed_actor<
    // Answers one request, now or later.
    caf::reacts_to<http_call>,
    // Goes on with an answer that is sent piece by piece.
    caf::reacts_to<go_on_recording>>;

/// The credentials, as the API needs them. Each may block for one write to disk.
struct token_admin {
  std::function<result<new_token>(const token_request&)> create;
  std::function<std::vector<token>()> list;
  std::function<result<void>(std::string_view id)> revoke;
};

/// What the API knows of its node. The functions are called in the API actor's context; they must
/// be fast and safe there.
struct api_config {
  std::string node;
  std::string version;
  const clock* time = &system_clock::instance(); ///< outlives the actor
  steady_time started_at{};
  /// The present incarnation of the directory and of the event bus; null while there is none.
  std::function<terminals_actor()> terminals;
  std::function<events_actor()> events;
  token_admin tokens;
  run_as_config run_as;
  std::string own_user;                                  ///< that the server runs as
  std::function<std::vector<sandbox_offer>()> sandboxes; ///< profiles that sessions can run in
  std::function<connections_actor()> pool;
  std::function<std::pair<std::uint64_t, std::uint64_t>()> bans; ///< clients kept away: now, so far
  std::function<std::uint64_t()> sessions;                       ///< in the list
  std::function<archive_actor()> archive;
  std::shared_ptr<const std::atomic<std::uint64_t>> unlogged_connections =
      std::make_shared<std::atomic<std::uint64_t>>(0);
  std::shared_ptr<audit_trail> audit; ///< null: nothing is written down, in tests of other things
  std::shared_ptr<const database::archive_board> archive_board =
      std::make_shared<database::archive_board>();
  std::shared_ptr<const database::recordings_board> recordings_board =
      std::make_shared<database::recordings_board>();
  std::function<pools_actor()> pools; ///< empty: there is no shared database
  std::shared_ptr<const database_pools_board> pools_board =
      std::make_shared<database_pools_board>();
  std::shared_ptr<const database::retention_board> retention_board =
      std::make_shared<database::retention_board>();
  std::shared_ptr<const database_board> database = std::make_shared<database_board>();
  /// Of the node's channels; empty of them in tests of other things.
  std::shared_ptr<channel::directory> channels =
      std::make_shared<channel::directory>(system_clock::instance());
  std::shared_ptr<const keeper_board> keeper;           ///< null: none, in tests of other things
  std::shared_ptr<const user_limit_counts> user_counts; ///< likewise
  std::function<bool()> is_draining;                    ///< the server shuts down: not ready
  std::function<result<std::string>()> login_url;       ///< with the login token in its fragment
  /// Deadlines of single questions: to the directory for a look-up, and to a terminal for anything.
  std::chrono::milliseconds lookup_patience{5'000};
  std::chrono::milliseconds patience{10'000};
  /// On top of the time that a caller asked a wait to take.
  std::chrono::milliseconds wait_margin{5'000};
};

/// Answers every request of the table of routes. One actor per node: it never waits (each question
/// is asked with a deadline and a continuation), so a slow request delays no other. Owned by the
/// node's supervisor.
class api_state {
public:
  static inline constexpr const char* name = "api";

  explicit api_state(api_actor::pointer self) : self_(self) {}

  void open(api_config config) { config_ = std::move(config); }
  /// Checks and dispatches; answers at once or arranges for it.
  void handle(const exchange_ptr& x);
  // recording.cpp
  void send_piece(const std::shared_ptr<recording_job>& job);

private:
  using session_callback = std::function<void(const session_handle&)>;

  void dispatch(const route& row, const exchange_ptr& x, const std::string& id);
  void perform(const route& row, const exchange_ptr& x, const std::string& id);

  // sessions.cpp
  void create(const exchange_ptr& x);
  void list(const exchange_ptr& x);
  void describe(const exchange_ptr& x, const session_id& id);
  void update(const exchange_ptr& x, const session_id& id);
  void remove(const exchange_ptr& x, const session_id& id);
  void kill(const exchange_ptr& x, const session_handle& found, kill_session how);
  void forget(const exchange_ptr& x, const session_id& id);

  // terminals.cpp
  void type(const exchange_ptr& x, const session_id& id);
  void resize(const exchange_ptr& x, const session_id& id);
  void screen(const exchange_ptr& x, const session_id& id);
  void output(const exchange_ptr& x, const session_id& id);
  void wait(const exchange_ptr& x, const session_id& id);

  // node.cpp
  void watch(const exchange_ptr& x);
  void list_tokens(const exchange_ptr& x);
  void create_token(const exchange_ptr& x);
  void revoke_token(const exchange_ptr& x, const std::string& id);
  void status(const exchange_ptr& x);
  void login_url(const exchange_ptr& x);
  void readiness(const exchange_ptr& x);
  void show_database(const exchange_ptr& x);

  // channels.cpp
  void list_channels(const exchange_ptr& x);
  void describe_channel(const exchange_ptr& x, const std::string& name);
  void call_helper(const exchange_ptr& x, const std::string& name);
  void override_breaker(const exchange_ptr& x, const std::string& name, bool is_set);
  /// Asks all channels how they are; by name. One that does not answer is left out.
  void with_channels(std::function<void(std::vector<channel_status>)> then);
  void with_channel(const exchange_ptr& x, const std::string& name,
                    const std::function<void(const channel_actor&)>& then);

  // store_access.cpp
  /// Asks a store: this node's own file, or the database that it shares with others (on a node that
  /// shares none, its own file again).
  /// @param look called at most once, on another thread: it owns what it touches, and keeps what it
  /// finds there. @param patience after which there is an answer in any case. @param then called
  /// once `look` has been; else `failed`: store_unavailable, at_capacity, deadline_exceeded.
  /// @param key for cancel_shared; see ask_shared.
  void ask_store(store_scope scope, std::chrono::milliseconds patience,
                 std::function<void(database::store&)> look, std::function<void()> then,
                 std::function<void(const failure&)> failed, std::uint64_t key = 0);
  /// Asks a store and answers with what `render` makes of what it says.
  /// @param question (store&) → store_result<T>. @param render (const T&) → JSON.
  template <class Question, class Render>
  void answer_from_store(const exchange_ptr& x, store_scope scope, Question question,
                         Render render);

  // audit.cpp
  void audit(const exchange_ptr& x);
  void connection_history(const exchange_ptr& x);
  /// The exchange whose answer is also written down, as the act demands.
  exchange_ptr audited(const exchange_ptr& x, const act& what, const std::string& id);
  /// Goes on when the act is written down; answers with a failure when it cannot be.
  void write_down_first(const exchange_ptr& x, const act& what, const std::string& id,
                        std::function<void()> then);

  // history.cpp
  void history(const exchange_ptr& x);

  // search.cpp
  void search(const exchange_ptr& x);

  // recording.cpp
  void recording(const exchange_ptr& x, const session_id& id);
  void make_piece(const std::shared_ptr<recording_job>& job);

  // pool.cpp
  void list_connections(const exchange_ptr& x);
  void close_connection(const exchange_ptr& x, const std::string& id);
  void metrics(const exchange_ptr& x);

  /// Looks the session up and calls `then`, or answers why there is none.
  void with_session(const exchange_ptr& x, const session_id& id, session_callback then);
  /// Answers with the session as it is shown to callers.
  void answer_session(const exchange_ptr& x, unsigned status, const session_info& info);
  /// The node's parts and whether they work, found out by asking them.
  struct examination {
    std::vector<component> parts;
    session_list sessions;
    std::size_t connections = 0;
  };
  void examine(std::function<void(examination)> then);
  [[nodiscard]] std::vector<component> own_components() const;

  /// Asks a terminal and answers with what `render` makes of its answer.
  template <class Reply, class Message, class Render>
  void relay(const exchange_ptr& x, const session_id& id, Message message,
             std::chrono::milliseconds patience, Render render);

  static void send(const exchange_ptr& x, http_response answer);
  static void send_json(const exchange_ptr& x, unsigned status, std::string body);
  static void fail(const exchange_ptr& x, const failure& why);

  api_actor::pointer self_;
  api_config config_;
};

api_actor::behavior_type api(api_actor::stateful_pointer<api_state> self, api_config config);

/// The way in from HTTP: hands each request to the actor that `present` names at that moment; a 503
/// when there is none. Callable from any thread.
http_handler handler_for(std::function<api_actor()> present);

template <class Question, class Render>
void api_state::answer_from_store(const exchange_ptr& x, store_scope scope, Question question,
                                  Render render) {
  using answer = decltype(question(std::declval<database::store&>()));
  const auto found = std::make_shared<std::optional<answer>>();
  ask_store(
      scope, config_.patience,
      [found, question = std::move(question)](database::store& in) {
        found->emplace(question(in));
      },
      [this, x, found, render = std::move(render)] {
        if (!*found || !**found)
          return fail(x, *found ? failure_of((*found)->error())
                                : failure{request_error::store_unavailable, {}});
        send_json(x, 200, render(***found));
      },
      [x](const failure& why) { fail(x, why); });
}

template <class Reply, class Message, class Render>
void api_state::relay(const exchange_ptr& x, const session_id& id, Message message,
                      std::chrono::milliseconds patience, Render render) {
  with_session(x, id,
               [this, x, message = std::move(message), patience,
                render = std::move(render)](const session_handle& found) {
                 runtime::ask(self_, found.terminal, patience, message)
                     .then([x, render](const Reply& reply) { render(reply); },
                           [x](const failure& why) { fail(x, why); });
               });
}

} // namespace roost::connection::api
