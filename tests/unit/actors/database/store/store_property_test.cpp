// Any batches, applied twice, cut in the middle, in any order of the partitions: every store
// answers as the plainest one does (DB-7, DB-9).
#include "tests/support/seeded_random.hpp"
#include "tests/unit/actors/database/store/store_fixture.hpp"
#include "tests/unit/actors/database/store/store_oracle.hpp"

#include <gtest/gtest.h>

namespace roost::database {
namespace {

/// Writes of one partition, of which so many were sent.
struct stream {
  std::vector<keyed_record> records;
  std::size_t sent = 0;
};

class world {
public:
  explicit world(std::uint64_t seed) : random(seed) {
    for (const auto& node : {node_a, node_b})
      for (std::uint64_t epoch = 1; epoch <= 2; ++epoch)
        for (std::uint32_t partition = 0; partition < 3; ++partition)
          streams.push_back(make_stream({node, epoch, partition, 0}));
  }

  /// A batch of some streams, in order within each; part of it may have been applied.
  std::vector<keyed_record> batch() {
    std::vector<keyed_record> out;
    for (auto pieces = random.between(1, 5); pieces > 0; --pieces) {
      auto& from = pick(streams);
      if (random.between(0, 3) == 0)
        from.sent -= random.between(0, std::min<std::size_t>(from.sent, 4));
      const auto end = std::min(from.records.size(), from.sent + random.between(0, 6));
      for (; from.sent < end; ++from.sent)
        out.push_back(from.records[from.sent]);
    }
    return out;
  }
  bool is_done() const {
    return std::all_of(streams.begin(), streams.end(),
                       [](const auto& s) { return s.sent == s.records.size(); });
  }

  std::size_t below(std::size_t n) { return random.between(0, n - 1); }
  bool flip() { return random.between(0, 1) == 1; }
  template <class T>
  T& pick(std::vector<T>& from) {
    return from[below(from.size())];
  }
  wall_time time() { return wall_time(std::chrono::microseconds(random.between(0, 40) * 500'000)); }
  std::string text() {
    std::vector<std::string> words = {
        "make", "Error",        "error:", "/usr/lib/foo.so.1", "fool", "\xc3\xa9t\xc3\xa9", "12",
        "'x'",  "\xe2\x94\x82", "no such"};
    std::string out;
    for (auto n = random.between(0, 8); n > 0; --n)
      out += pick(words) + (flip() ? " " : "\n");
    return out;
  }
  std::optional<std::int32_t> small() {
    return flip() ? std::optional(static_cast<std::int32_t>(random.between(0, 2)) - 1)
                  : std::nullopt;
  }

  seeded_random random;
  std::vector<stream> streams;

private:
  record make_record(const write_key& key) {
    // The partition of an object is always the same one.
    const auto id = "s" + std::to_string(key.partition) + std::to_string(below(3));
    switch (below(8)) {
    case 0:
      return node_record{key.node_uuid, text(), "1", time(), time()};
    case 1: {
      session_record s;
      s.id = id;
      s.node = key.node_uuid;
      s.title = text();
      s.command = "[]";
      s.owner = flip() ? "me" : "you";
      s.epoch = "e1";
      s.created_at = time();
      if (flip())
        s.exited_at = time();
      s.exit_status = small();
      s.state = flip() ? "running" : "lost";
      s.offset = random.next() >> 1U;
      return s;
    }
    case 2:
      return session_event{id, time(), "changed", "{}"};
    case 3:
      return audit_record{time(), flip() ? "me" : "you", flip() ? "login" : "kill", "t", "ok", "{}",
                          text()};
    case 4: {
      connection_record c{key.node_uuid,
                          key.boot_epoch,
                          "c" + id,
                          flip() ? "me" : "you",
                          "::1",
                          time(),
                          std::nullopt,
                          small(),
                          text(),
                          1,
                          2};
      if (flip())
        c.closed_at = time();
      return c;
    }
    case 5:
      return recording_chunk{id,  "e1",   below(3), below(100),
                             200, time(), time(),   80,
                             24,  5,      1,        {std::string(below(50), '\x80')}};
    case 6: {
      token_record t{id,     flip() ? "n1" : "n2",
                     "0af7", flip() ? "viewer" : "admin",
                     text(), "",
                     text(), time(),
                     {},     {}};
      if (flip())
        t.expires_at = time();
      if (flip())
        t.revoked_at = time();
      return t;
    }
    default:
      return screen_text{id, "e1", below(4), 9, time(), text(), small(), text()};
    }
  }

  stream make_stream(write_key key) {
    stream out;
    for (auto n = random.between(20, 40); n > 0; --n) {
      const auto before = key.seq;
      key.seq += random.between(0, 4) == 0 ? 2 : 1; // one between them was dropped
      out.records.push_back({key, before, make_record(key)});
    }
    return out;
  }
};

template <class T>
void expect_same(const std::vector<T>& got, const std::vector<T>& wanted, const char* what) {
  ASSERT_EQ(got.size(), wanted.size()) << what;
  for (std::size_t i = 0; i < got.size(); ++i)
    ASSERT_TRUE(got[i] == wanted[i]) << what << " " << i;
}

bool is_within(const time_range& range, wall_time at) {
  return (!range.from || at >= *range.from) && (!range.before || at < *range.before);
}

class comparison {
public:
  comparison(world& w, store& got, const store_oracle& wanted)
      : world_(w), got_(got), wanted_(wanted) {}

  void all() {
    sessions();
    events_and_chunks();
    audit_and_connections();
    tokens();
    for (int i = 0; i < 4 && !testing::Test::HasFatalFailure(); ++i)
      texts();
    for (const auto& each : expect(got_.totals())) {
      const auto total = wanted_.total(each.kind);
      ASSERT_EQ(each.rows, total.rows) << static_cast<int>(each.kind);
      ASSERT_EQ(each.bytes, total.bytes) << static_cast<int>(each.kind);
    }
    expect_same(expect(got_.nodes()),
                wanted_.all<node_record>([](const auto&) { return true; },
                                         [](const auto& n, const auto&) { return n.uuid; }),
                "nodes");
  }

private:
  time_range range() {
    time_range out;
    if (world_.flip())
      out.from = world_.time();
    if (world_.flip())
      out.before = world_.time();
    return out;
  }
  paging pages() { return {static_cast<std::uint32_t>(world_.random.between(1, 20)), {}}; }
  std::string session() {
    return "s" + std::to_string(world_.below(3)) + std::to_string(world_.below(3));
  }
  template <class Q, class Ask>
  auto ask(Q q, Ask one) {
    q.at = pages();
    return all_pages([&](const std::string& cursor) {
      q.at.cursor = cursor;
      return one(q);
    });
  }

  void sessions() {
    session_query q;
    q.created = range();
    if (world_.flip())
      q.owner = "me";
    if (world_.flip())
      q.state = "running";
    if (world_.flip())
      q.node = node_b;
    auto wanted = wanted_.all<session_record>(
        [&](const auto& s) {
          return is_within(q.created, s.created_at) && (!q.owner || s.owner == *q.owner) &&
                 (!q.state || s.state == *q.state) && (!q.node || s.node == *q.node);
        },
        [](const auto& s, const auto&) { return std::pair(s.created_at, s.id); });
    std::reverse(wanted.begin(), wanted.end());
    expect_same(ask(q, [&](const auto& each) { return got_.sessions(each); }), wanted, "sessions");
    const auto id = session();
    const auto one = wanted_.all<session_record>([&](const auto& s) { return s.id == id; },
                                                 [](const auto&, const auto&) { return 0; });
    const auto found = expect(got_.session(id));
    ASSERT_EQ(found.has_value(), !one.empty());
    ASSERT_TRUE(one.empty() || *found == one[0]);
  }

  void events_and_chunks() {
    const auto id = session();
    auto at = pages();
    const auto by_pages = [&](auto one) {
      return all_pages([&](const std::string& cursor) {
        at.cursor = cursor;
        return one();
      });
    };
    expect_same(by_pages([&] { return got_.events(id, at); }),
                wanted_.all<session_event>(
                    [&](const auto& e) { return e.session == id; },
                    [](const auto& e, const auto& written) { return std::pair(e.at, written); }),
                "events");
    auto chunks = wanted_.all<recording_chunk>(
        [&](const auto& c) { return c.session == id; },
        [](const auto& c, const auto&) { return std::tuple(c.began_at, c.epoch, c.seq); });
    for (auto& each : chunks) {
      ASSERT_TRUE(expect(got_.chunk_data(id, each.epoch, each.seq)) == each.data);
      each.data = {};
    }
    expect_same(by_pages([&] { return got_.chunks(id, at); }), chunks, "chunks");
  }

  void audit_and_connections() {
    audit_query a;
    a.when = range();
    if (world_.flip())
      a.who = "me";
    if (world_.flip())
      a.action = "kill";
    auto audit = wanted_.all<audit_record>(
        [&](const auto& r) {
          return is_within(a.when, r.at) && (!a.who || r.who == *a.who) &&
                 (!a.action || r.action == *a.action);
        },
        [](const auto& r, const auto& written) { return std::pair(r.at, written); });
    std::reverse(audit.begin(), audit.end());
    expect_same(ask(a, [&](const auto& each) { return got_.audit(each); }), audit, "audit");
    connection_query c;
    c.opened = range();
    if (world_.flip())
      c.who = "you";
    auto connections = wanted_.all<connection_record>(
        [&](const auto& r) {
          return is_within(c.opened, r.opened_at) && (!c.who || r.who == *c.who);
        },
        [](const auto& r, const auto&) { return std::tuple(r.opened_at, r.node, r.boot, r.id); });
    std::reverse(connections.begin(), connections.end());
    expect_same(ask(c, [&](const auto& each) { return got_.connections(each); }), connections,
                "connections");
  }

  void tokens() {
    const auto wanted = wanted_.all<token_record>(
        [](const auto&) { return true; },
        [](const auto& t, const auto&) { return std::pair(t.id, t.node); });
    expect_same(expect(got_.tokens()), wanted, "tokens");
  }

  void texts() {
    std::vector<std::string> searches = {
        "error",   "make error",        "\"error make\"", "foo",           "foo*",
        "usr/lib", "\xc3\x89T\xc3\x89", "\"no su\"*",     "no such error", "12 x",
        "fool",    "so 1 fool",         "e* m*"};
    text_query q;
    q.words = world_.pick(searches);
    if (world_.below(4) == 0)
      q.session = session();
    if (world_.below(3) == 0)
      q.when = range();
    q.exit_status = world_.below(4) == 0 ? world_.small() : std::nullopt;
    if (world_.below(4) == 0)
      q.command = world_.flip() ? "Error" : "'x'";
    const auto words = *search_query::parse(q.words);
    auto wanted = wanted_.all<screen_text>(
        [&](const auto& t) {
          return store_oracle::matches(words, t) && (!q.session || t.session == *q.session) &&
                 is_within(q.when, t.at) && (!q.exit_status || t.exit_status == q.exit_status) &&
                 (!q.command || t.command.find(*q.command) != std::string::npos);
        },
        [](const auto& t, const auto&) {
          return std::tuple(t.at, t.session, t.epoch, t.from_offset);
        });
    std::reverse(wanted.begin(), wanted.end());
    const auto got = ask(q, [&](const auto& each) { return got_.search(each); });
    ASSERT_EQ(got.size(), wanted.size()) << q.words;
    for (std::size_t i = 0; i < got.size(); ++i) {
      const auto& text = wanted[i];
      ASSERT_TRUE(std::tuple(got[i].session, got[i].from_offset, got[i].to_offset, got[i].at,
                             got[i].command, got[i].exit_status) ==
                  std::tuple(text.session, text.from_offset, text.to_offset, text.at, text.command,
                             text.exit_status));
      const auto shown = words.show(text.text);
      ASSERT_EQ(got[i].shown.text, shown.text);
      ASSERT_TRUE(got[i].shown.marks == shown.marks);
    }
  }

  world& world_;
  store& got_;
  const store_oracle& wanted_;
};

class store_property_test : public testing::TestWithParam<engine_kind> {};

TEST_P(store_property_test, any_batches_give_what_the_plainest_store_gives) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random rounds(seed);
  for (int round = 0; round < 4; ++round) {
    world w(rounds.next());
    store_fixture kept(GetParam());
    store_oracle oracle;
    while (!w.is_done()) {
      auto batch = w.batch();
      if (!batch.empty() && w.below(8) == 0) {
        // Cut in the middle: what comes before the record that cannot follow is undone.
        auto torn = batch;
        torn.push_back({{node_a, 3, 9, 5}, 4, session_event{"s00", w.time(), "x", "{}"}});
        ASSERT_FALSE(kept->apply(torn));
        ASSERT_FALSE(oracle.apply(torn));
      }
      const auto wanted = oracle.apply(batch);
      ASSERT_TRUE(wanted);
      const auto got = expect(kept->apply(batch));
      ASSERT_EQ(got.applied, wanted->applied);
      ASSERT_EQ(got.skipped, wanted->skipped);
      if (w.below(4) == 0) {
        const auto again = expect(kept->apply(batch));
        ASSERT_EQ(again.applied, 0U);
        ASSERT_EQ(again.skipped, batch.size());
      }
      if (w.below(10) == 0) {
        const auto kind = static_cast<record_kind>(w.random.between(1, 7));
        const auto than = w.time();
        ASSERT_EQ(expect(kept->remove_older(kind, than, 1000)), oracle.remove_older(kind, than));
      }
      if (w.below(6) == 0) {
        comparison(w, *kept, oracle).all();
        if (HasFatalFailure())
          return;
      }
    }
    for (int i = 0; i < 10 && !HasFatalFailure(); ++i)
      comparison(w, *kept, oracle).all();
    if (HasFatalFailure())
      return;
  }
}

INSTANTIATE_TEST_SUITE_P(stores, store_property_test,
                         testing::Values(engine_kind::sqlite, engine_kind::memory,
                                         engine_kind::postgresql),
                         [](const auto& each) { return testing::PrintToString(each.param); });

} // namespace
} // namespace roost::database
