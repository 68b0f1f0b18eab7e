#include "tests/unit/actors/connection/server_fixture.hpp"

#include "actors/connection/reception.hpp"

#include <filesystem>

#include <stdlib.h>

namespace roost::test {

temporary_folder::temporary_folder() {
  std::string name = "/tmp/roost-test-XXXXXX";
  path_ = ::mkdtemp(name.data());
}

temporary_folder::~temporary_folder() {
  std::error_code ignored; // what is left behind is in /tmp
  std::filesystem::remove_all(path_, ignored);
}

bool eventually(const std::function<bool()>& is_true, std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock lock(mutex);
  while (!is_true()) {
    if (std::chrono::steady_clock::now() >= deadline)
      return false;
    never.wait_for(lock, std::chrono::milliseconds(2));
  }
  return true;
}

server_fixture::server_fixture() {
  settings.listen = {"127.0.0.1", 0};
  settings.data_dir = folder_.path();
  api = [](connection::http_request request, const connection::responder& answer) {
    connection::http_response echo;
    echo.headers = {{"Content-Type", "text/plain"}};
    echo.body = request.method + " " + request.path + " " + request.who.label + " " + request.body;
    answer.send(std::move(echo));
  };
  on_websocket = [](connection::ws_handoff) {};
}

server_fixture::~server_fixture() { stop(); }

void server_fixture::start() {
  auto data = connection::data_dir::open(folder_.path());
  ASSERT_TRUE(data) << data.error().detail;
  data_ = std::move(*data);
  auto tokens =
      connection::token_store::open(data_->path(), system_clock::instance(), os_random::instance());
  ASSERT_TRUE(tokens) << tokens.error().detail;
  tokens_ = std::move(*tokens);
  connection::token_request wanted;
  wanted.label = "tester";
  const auto made = tokens_->create(wanted);
  ASSERT_TRUE(made);
  secret_ = made->text;
  token_id_ = made->row.id;

  desk_ = std::make_shared<connection::pool_desk>(connection::pool_limits_of(settings.connections));
  server_ = std::make_unique<connection::server>(connection::server_options{
      .io = io_.first(),
      .settings = settings,
      .data = *data_,
      .tokens = *tokens_,
      .api = api,
      .on_websocket = on_websocket,
      .place = [this]() -> boost::asio::io_context& { return io_.next(); },
      .limits = limits,
      .desk = desk_,
  });
  const auto started = server_->start();
  ASSERT_TRUE(started) << started.error().detail;
}

void server_fixture::stop() {
  if (server_)
    server_->stop();
  io_.stop();
  server_.reset();
}

} // namespace roost::test
