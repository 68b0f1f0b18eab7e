#pragma once

#include "actors/database/init_machine.hpp"
#include "actors/database/migration.hpp"
#include "actors/runtime/result.hpp"
#include "protocols/database_types.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

namespace roost::database {

/// What the schema is like.
struct schema_look {
  std::vector<ledger_row> rows;
  migration_plan plan;
};

/// A kind of database, as the initializer sees it. `bring_up` and `check` block and are called by
/// one thread; `stop` by any.
class backend {
public:
  using progress = std::function<void(database_state, std::uint32_t step, std::uint32_t steps)>;

  backend() = default;
  backend(const backend&) = delete;
  backend& operator=(const backend&) = delete;
  virtual ~backend() = default;

  /// Makes the database ready for use. @returns the version of its schema.
  virtual result<std::uint32_t, init_failure> bring_up(const progress& tell) = 0;
  /// Whether a database that was brought up is still there.
  virtual result<void, init_failure> check() = 0;
  /// Reads what was done to its schema; changes nothing.
  virtual result<schema_look, init_failure> look() = 0;
  /// The migrations that this build knows.
  [[nodiscard]] virtual const std::vector<migration>& known() const = 0;
  /// Makes calls under way, and all later ones, fail soon.
  virtual void stop() = 0;
};

} // namespace roost::database
