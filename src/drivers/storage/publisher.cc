#include "drivers/storage/publisher.h"

#include <fcntl.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <map>
#include <set>
#include <vector>

#include "drivers/storage/errors.h"
#include "io/offload.h"
#include "io/sync_many.h"

namespace virtue::storage {
namespace {

struct Item {
    std::string draft;
    std::string path;
    bool has_content = true;
    int error = 0;
};

int give_name(const Item& item) {
    if (::renameat2(AT_FDCWD, item.draft.c_str(), AT_FDCWD, item.path.c_str(), RENAME_NOREPLACE) == 0) return 0;
    if (errno != EINVAL && errno != ENOSYS) return errno;
    if (::access(item.path.c_str(), F_OK) == 0) return EEXIST;
    return ::rename(item.draft.c_str(), item.path.c_str()) == 0 ? 0 : errno;
}

std::string folder_of(const Item& item) {
    return item.path.substr(0, item.path.rfind('/') + 1);
}

/// errno of each path, or 0.
std::map<std::string, int> sync_all(const std::set<std::string>& paths) {
    const std::vector<std::string> list(paths.begin(), paths.end());
    const std::vector<io::Synced> results = io::sync_files(list);
    std::map<std::string, int> errors;
    for (size_t i = 0; i < list.size(); i++) {
        errors[list[i]] = results[i].open_error != 0 ? results[i].open_error : results[i].sync_error;
    }
    return errors;
}

std::vector<Item> publish_all(std::vector<Item> items) {
    std::set<std::string> contents;
    for (const Item& item : items) {
        if (item.has_content) contents.insert(item.draft);
    }
    const std::map<std::string, int> before = sync_all(contents);
    std::set<std::string> rest;
    for (Item& item : items) {
        if (item.has_content) item.error = before.at(item.draft);
        if (item.error == 0) item.error = give_name(item);
        if (item.error != 0) continue;
        rest.insert(folder_of(item));
        if (!item.has_content) rest.insert(item.path);
    }
    const std::map<std::string, int> after = sync_all(rest);
    for (Item& item : items) {
        if (item.error != 0) continue;
        item.error = after.at(folder_of(item));
        if (item.error == 0 && !item.has_content) item.error = after.at(item.path);
        if (item.error != 0) ::rename(item.path.c_str(), item.draft.c_str());
    }
    return items;
}

}  // namespace

struct Publisher::Batch {
    std::vector<Item> items;
    bool done = false;
};

Publisher::Publisher(io::Loop& loop) : loop_(loop), next_(std::make_shared<Batch>()), ended_(loop) {}
Publisher::~Publisher() = default;

Task<void> Publisher::publish(std::string draft, std::string path, bool has_content) {
    const std::shared_ptr<Batch> mine = next_;
    const size_t place = mine->items.size();
    mine->items.push_back({draft, path, has_content});
    const io::Deadline never = io::Deadline::never();
    while (!mine->done) {
        if (running_) {
            co_await ended_.wait(never);
            continue;
        }
        running_ = true;
        next_ = std::make_shared<Batch>();
        auto work = [items = mine->items]() mutable { return publish_all(std::move(items)); };
        mine->items = co_await io::offload(loop_, std::move(work));
        mine->done = true;
        running_ = false;
        ended_.notify_all();
    }
    const int error = mine->items[place].error;
    if (error != 0) refuse_errno(error, "cannot create path '{}'", path);
}

}  // namespace virtue::storage
