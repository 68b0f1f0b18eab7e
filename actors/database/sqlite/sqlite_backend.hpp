#pragma once

#include "actors/database/backend.hpp"
#include "actors/database/sqlite/sqlite_file.hpp"
#include "actors/database/sqlite/sqlite_schema.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace roost::database {

/// SQLite, for the initializer: a file in the node's folder, or memory.
class sqlite_backend final : public backend {
public:
  sqlite_backend(sqlite_schema::settings with, std::vector<migration> known);

  result<std::uint32_t, init_failure> bring_up(const progress& tell) override;
  result<void, init_failure> check() override;
  result<schema_look, init_failure> look() override;
  [[nodiscard]] const std::vector<migration>& known() const override { return known_; }
  void stop() override { is_stopped_ = true; }

private:
  sqlite_schema::settings settings_;
  std::vector<migration> known_;
  std::unique_ptr<sqlite_file> file_;
  std::atomic<bool> is_stopped_{false};
};

} // namespace roost::database
