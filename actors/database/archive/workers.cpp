// What blocks for the archive, each on a thread of its own.

#include "actors/database/archive/archive.hpp"

#include <caf/event_based_actor.hpp>

#include <utility>

namespace roost::database {

namespace {

/// What works on the node's own file.
template <class Actor>
class file_worker_state {
public:
  static inline constexpr const char* name = "archive-file";
  explicit file_worker_state(typename Actor::pointer) {}
};

batch_written write(local_file& file, const write_batch& x) {
  batch_written out;
  const auto done = file.write(x.what->keyed);
  if (!done) {
    const auto& why = done.error();
    out.is_lost = why.kind == trouble::permanent;
    if (!out.is_lost && why.why != store_error::reason::full)
      file.close(); // opened anew, in case that helps
    out.reason = why.text + (why.log.empty() ? "" : ": " + why.log);
    return out;
  }
  out.is_ok = true;
  if (auto* const waiting = file.waiting())
    if (const auto total = waiting->total()) {
      out.outbox = total->records;
      out.outbox_bytes = total->bytes;
      out.outbox_dropped = total->dropped;
    }
  return out;
}

archive_read read(local_file& file, const read_archive& x) {
  auto opened = file.open();
  if (!opened)
    log::logger(log::context{"archive", 0, {}, {}})
        .warn("what was written down cannot be read", log::kv("why", opened.error().text),
              log::kv("text", opened.error().log));
  x.look(opened ? *opened : nullptr);
  return {};
}

using file_ptr = std::shared_ptr<local_file>;

archive_writer_actor::behavior_type
writer(archive_writer_actor::stateful_pointer<file_worker_state<archive_writer_actor>> self,
       file_ptr file) {
  runtime::arm(self);
  return {[file](const write_batch& x) { return write(*file, x); }};
}

archive_reader_actor::behavior_type
reader(archive_reader_actor::stateful_pointer<file_worker_state<archive_reader_actor>> self,
       file_ptr file) {
  runtime::arm(self);
  return {[file](const read_archive& x) { return read(*file, x); }};
}

/// Both, for memory, which cannot be opened twice.
using file_actor = archive_writer_actor::extend_with<archive_reader_actor>;

file_actor::behavior_type
reader_and_writer(file_actor::stateful_pointer<file_worker_state<file_actor>> self, file_ptr file) {
  runtime::arm(self);
  return {[file](const write_batch& x) { return write(*file, x); },
          [file](const read_archive& x) { return read(*file, x); }};
}

archive_shipper_actor::behavior_type
shipper(archive_shipper_actor::stateful_pointer<file_worker_state<archive_shipper_actor>> self,
        const file_ptr& file, const shipment::connector& connect) {
  runtime::arm(self);
  return {[file, work = std::make_shared<shipment>(*file, connect, shipment::settings{})](
              const ship_some&) {
    const auto done = work->next();
    if (!done)
      return some_shipped{false, 0, 0, done.error().text, done.error().log};
    return some_shipped{true, done->records, done->left, {}, {}};
  }};
}

} // namespace

archive_workers spawn_archive_workers(caf::local_actor& parent, const archive_files& files) {
  const auto known = parse_migrations(sqlite_migrations());
  const auto open = [&] { return std::make_shared<local_file>(files.file, known.value()); };
  archive_workers out;
  if (files.file.path == ":memory:") {
    const auto both = parent.spawn<caf::detached>(reader_and_writer, open());
    out.writer = both;
    out.reader = both;
  } else {
    out.writer = parent.spawn<caf::detached>(writer, open());
    out.reader = parent.spawn<caf::detached>(reader, open());
  }
  if (files.connect)
    out.shipper = parent.spawn<caf::detached>(shipper, open(), files.connect);
  return out;
}

} // namespace roost::database
