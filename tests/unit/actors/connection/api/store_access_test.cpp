// Which store is asked, and what becomes of a question that has no answer.
#include "actors/connection/api/api.hpp"

#include "tests/support/actor_fixture.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

namespace roost::connection::api {
namespace {

using namespace std::chrono_literals;

template <class Actor>
struct script_state {
  explicit script_state(typename Actor::pointer) {}
  static inline constexpr const char* name = "script";
};

struct script {
  int own = 0;    ///< questions to the node's own file
  int shared = 0; ///< to the database of all nodes
  failure refusal{request_error::store_unavailable, "away"};
  std::vector<std::uint64_t> keys;
};

archive_actor::behavior_type own_file(archive_actor::stateful_pointer<script_state<archive_actor>>,
                                      script* s) {
  return {[](const keep_records&) {}, [](const keep_for_sure&) { return records_kept{}; },
          [](const publish_session&) {},
          [s](const read_archive& x) {
            ++s->own;
            x.look(nullptr);
            return archive_read{};
          },
          [](const timer_fired&) {}};
}

pools_actor::behavior_type shared(pools_actor::stateful_pointer<script_state<pools_actor>>,
                                  script* s) {
  return {[s](const ask_shared& x) -> caf::result<shared_answered> {
            ++s->shared;
            s->keys.push_back(x.key);
            EXPECT_EQ(x.pool, database_pool::analytics);
            EXPECT_EQ(x.patience, 10s);
            return to_caf(s->refusal);
          },
          [](const cancel_shared&) {}, [](const timer_fired&) {}};
}

class store_access : public test::actor_fixture {
protected:
  void start(bool has_shared) {
    api_config config;
    archive = sys.spawn(own_file, &story);
    config.archive = [this] { return archive; };
    if (has_shared) {
      pools = sys.spawn(shared, &story);
      config.pools = [this] { return pools; };
    }
    subject = sys.spawn(api, config);
    settle();
  }
  ~store_access() override {
    for (const auto& who : {caf::actor_cast<caf::strong_actor_ptr>(archive),
                            caf::actor_cast<caf::strong_actor_ptr>(pools),
                            caf::actor_cast<caf::strong_actor_ptr>(subject)})
      if (who)
        caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
    archive = nullptr;
    pools = nullptr;
    subject = nullptr;
    settle();
  }
  unsigned get(const std::string& path, const std::string& scope = "") {
    http_request request;
    request.method = "GET";
    request.path = path;
    if (!scope.empty())
      request.query = {{"scope", scope}};
    request.correlation = "0af7651916cd43dd8448eb211c80319c";
    request.who.may = role::admin;
    const auto status = std::make_shared<unsigned>(0);
    handler_for([this] {
      return subject;
    })(std::move(request), responder([status](const http_response& got) { *status = got.status; }));
    settle();
    return *status;
  }

  script story;
  archive_actor archive;
  pools_actor pools;
  api_actor subject;
};

TEST_F(store_access, the_scope_says_which_store_is_asked) {
  start(true);
  EXPECT_EQ(get("/api/v1/history"), 503U);
  EXPECT_EQ(get("/api/v1/history", "node"), 503U);
  EXPECT_EQ(story.own, 2);
  EXPECT_EQ(story.shared, 0);
  EXPECT_EQ(get("/api/v1/history", "all"), 503U);
  EXPECT_EQ(story.shared, 1);
  EXPECT_EQ(get("/api/v1/history", "world"), 400U);
  EXPECT_EQ(story.own + story.shared, 3);
}

TEST_F(store_access, a_node_that_shares_nothing_asks_its_own_file) {
  start(false);
  EXPECT_EQ(get("/api/v1/history", "all"), 503U);
  EXPECT_EQ(story.own, 1);
}

TEST_F(store_access, failures_of_the_pools_reach_the_caller) {
  start(true);
  story.refusal = {request_error::deadline_exceeded, {}};
  EXPECT_EQ(get("/api/v1/history", "all"), 504U);
  story.refusal = {request_error::at_capacity, {}};
  EXPECT_EQ(get("/api/v1/history", "all"), 503U);
}

TEST_F(store_access, before_the_pools_run_there_is_an_answer) {
  start(true);
  caf::anon_send_exit(caf::actor_cast<caf::actor>(pools), caf::exit_reason::user_shutdown);
  settle();
  pools = nullptr;
  EXPECT_EQ(get("/api/v1/history", "all"), 503U);
}

} // namespace
} // namespace roost::connection::api
