#pragma once

#include "actors/database/backend.hpp"
#include "actors/database/pg/pg_schema.hpp"
#include "actors/runtime/random.hpp"

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace roost::database {

/// A node, as the table of nodes shows it.
struct node_identity {
  std::string uuid; ///< empty: no node, but somebody who only changes the schema
  std::string name;
  std::string version;
};

/// PostgreSQL, for the initializer. Keeps the connection on which the schema was brought up, to see
/// whether the server is still there.
class pg_backend final : public backend {
public:
  /// @param where of the direct connection: database.init_url, or database.url.
  pg_backend(pg_target where, std::vector<migration> known, pg_schema::settings with,
             node_identity who, random_source& random);

  result<std::uint32_t, init_failure> bring_up(const progress& tell) override;
  result<void, init_failure> check() override;
  result<schema_look, init_failure> look() override;
  [[nodiscard]] const std::vector<migration>& known() const override { return known_; }
  void stop() override;

private:
  bool wait(std::chrono::milliseconds time);
  result<void, init_failure> sign_in();
  pg_schema schema(const progress& tell);

  pg_target where_;
  std::vector<migration> known_;
  pg_schema::settings settings_;
  node_identity who_;
  random_source& random_;
  socket_cutter cutter_;
  std::unique_ptr<pg_session> session_;
  std::uint32_t checks_ = 0;

  std::mutex mutex_;
  std::condition_variable stopped_;
  bool is_stopped_ = false;
};

} // namespace roost::database
