#pragma once

#include "actors/database/store/sql_engine.hpp"
#include "actors/database/store/store.hpp"

#include <memory>
#include <string>
#include <vector>

namespace roost::database {

/// The store over any SQL database: one set of statements, made from the fields of the records.
class sql_store final : public store {
public:
  explicit sql_store(std::unique_ptr<sql_engine> engine) : engine_(std::move(engine)) {}

  store_result<applied_count> apply(std::span<const keyed_record> records) override;
  store_result<std::uint64_t> mark(const std::string& node_uuid, std::uint64_t boot_epoch,
                                   std::uint32_t partition) override;
  store_result<void> skip_to(const write_key& key) override;
  store_result<void> forget_marks(const std::string& node_uuid,
                                  std::uint64_t before_epoch) override;

  store_result<std::vector<node_record>> nodes() override;
  store_result<std::vector<token_record>> tokens() override;
  store_result<page<session_record>> sessions(const session_query& q) override;
  store_result<std::optional<session_record>> session(const std::string& id) override;
  store_result<page<session_event>> events(const std::string& session, const paging& at) override;
  store_result<page<audit_record>> audit(const audit_query& q) override;
  store_result<page<connection_record>> connections(const connection_query& q) override;
  store_result<page<recording_chunk>> chunks(const std::string& session, const paging& at) override;
  store_result<std::vector<recording_chunk>> chunks_from(const std::string& session,
                                                         const std::string& epoch,
                                                         std::uint64_t seq,
                                                         std::uint32_t most) override;
  store_result<std::vector<recording_total>> recordings(const std::string& session) override;
  store_result<std::optional<blob>> chunk_data(const std::string& session, const std::string& epoch,
                                               std::uint64_t seq) override;
  store_result<page<text_hit>> search(const text_query& q) override;
  store_result<text_total> texts(const std::string& session, const std::string& epoch) override;
  store_result<std::size_t> remove_older(record_kind kind, wall_time than,
                                         std::uint32_t most) override;
  store_result<std::vector<kind_total>> totals() override;

private:
  store_result<applied_count> apply_all(const std::vector<keyed_record>& records);
  /// Locks how far a partition was applied until the end of the transaction.
  store_result<std::uint64_t> hold_mark(const write_key& of);
  store_result<void> set_mark(const write_key& to);
  /// Runs statements in a transaction; undoes it if `work` fails.
  template <class Work>
  auto in_transaction(Work work) -> decltype(work());

  std::unique_ptr<sql_engine> engine_;
};

} // namespace roost::database
