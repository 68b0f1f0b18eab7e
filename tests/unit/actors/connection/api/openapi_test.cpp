#include "actors/connection/api/openapi.hpp"

#include "actors/connection/api/json_reader.hpp"
#include "actors/connection/api/routes.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include <functional>

namespace roost::connection::api {
namespace {

namespace json = boost::json;

const json::object& document() {
  static const json::value parsed = json::parse(openapi_json("1.2.3"));
  return parsed.as_object();
}

const json::object& schemas() {
  return document().at("components").as_object().at("schemas").as_object();
}

TEST(openapi, is_a_3_1_document_of_this_version) {
  EXPECT_EQ(document().at("openapi").as_string(), "3.1.0");
  EXPECT_EQ(document().at("info").at("version").as_string(), "1.2.3");
}

TEST(openapi, is_json_that_our_own_strict_reader_takes) {
  EXPECT_TRUE(parse_json(openapi_schemas())) << parse_json(openapi_schemas()).error().detail;
}

TEST(openapi, has_every_route_and_no_other) {
  std::size_t operations = 0;
  for (const auto& [path, item] : document().at("paths").as_object())
    operations += item.as_object().size();
  EXPECT_EQ(operations, routes().size());
  for (const auto& row : routes()) {
    std::string method(row.method);
    for (auto& c : method)
      c = static_cast<char>(std::tolower(c));
    const auto& operation =
        document().at("paths").as_object().at(row.pattern).as_object().at(method).as_object();
    EXPECT_EQ(std::string_view(operation.at("summary").as_string()), row.summary);
    EXPECT_TRUE(operation.at("responses").as_object().contains(std::to_string(row.status)));
    EXPECT_TRUE(operation.at("responses").as_object().contains("default"));
    EXPECT_EQ(operation.contains("requestBody"), !row.request.empty());
  }
}

TEST(openapi, every_reference_leads_to_a_schema) {
  const std::string prefix = "#/components/schemas/";
  std::size_t references = 0;
  const std::function<void(const json::value&)> visit = [&](const json::value& value) {
    if (const auto* list = value.if_array()) {
      for (const auto& entry : *list)
        visit(entry);
    } else if (const auto* object = value.if_object()) {
      for (const auto& [key, entry] : *object) {
        if (key == "$ref") {
          const std::string target(entry.as_string());
          ASSERT_EQ(target.rfind(prefix, 0), 0u);
          EXPECT_TRUE(schemas().contains(target.substr(prefix.size()))) << target;
          ++references;
        } else {
          visit(entry);
        }
      }
    }
  };
  visit(json::value(document()));
  EXPECT_GT(references, routes().size());
}

TEST(openapi, required_fields_are_described) {
  for (const auto& [name, schema] : schemas()) {
    const auto* required = schema.as_object().if_contains("required");
    if (!required)
      continue;
    const auto& properties = schema.as_object().at("properties").as_object();
    for (const auto& field : required->as_array())
      EXPECT_TRUE(properties.contains(field.as_string())) << name << " " << field;
  }
}

} // namespace
} // namespace roost::connection::api
