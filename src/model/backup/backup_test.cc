#include "model/backup/backup.h"

#include <doctest/doctest.h>

using namespace virtue;
using model::Backup;

namespace {

model::Domain guest() {
    return xml::parse<model::Domain>(
        "<domain type='test'><name>a</name><memory>1</memory><os><type>hvm</type></os><devices>"
        "<disk type='file'><source file='/i/a.qcow2'/><target dev='vda'/></disk>"
        "<disk type='file'><source file='/i/b.qcow2'/><target dev='vdb'/></disk>"
        "<disk type='file' device='cdrom'><target dev='hdc'/></disk></devices></domain>");
}

ErrorCode refused(const char* text) {
    try {
        Backup backup = Backup::parse(text);
        align_disks(backup, guest(), "1");
    } catch (const Error& error) {
        return error.code();
    }
    return ErrorCode::ok;
}

}  // namespace

TEST_CASE("a backup that names no disk takes all that hold something") {
    Backup backup = Backup::parse("<domainbackup/>");
    align_disks(backup, guest(), "17");
    CHECK(xml::format(backup) ==
          "<domainbackup mode='push'>\n"
          "  <disks>\n"
          "    <disk name='vda' backup='yes' type='file' backupmode='full'>\n"
          "      <driver type='qcow2'/>\n"
          "      <target file='/i/a.qcow2.17'/>\n"
          "    </disk>\n"
          "    <disk name='vdb' backup='yes' type='file' backupmode='full'>\n"
          "      <driver type='qcow2'/>\n"
          "      <target file='/i/b.qcow2.17'/>\n"
          "    </disk>\n"
          "    <disk name='hdc' backup='no'/>\n"
          "  </disks>\n"
          "</domainbackup>\n");
}

TEST_CASE("a pull since a checkpoint names its exports") {
    Backup backup = Backup::parse(
        "<domainbackup mode='pull'><incremental>c1</incremental><server transport='unix' socket='/s'/><disks>"
        "<disk name='vdb' type='file'><scratch file='/x'/></disk></disks></domainbackup>");
    align_disks(backup, guest(), "17");
    CHECK(xml::format(backup) ==
          "<domainbackup mode='pull'>\n"
          "  <incremental>c1</incremental>\n"
          "  <server transport='unix' socket='/s'/>\n"
          "  <disks>\n"
          "    <disk name='vda' backup='no'/>\n"
          "    <disk name='vdb' backup='yes' type='file' backupmode='incremental' incremental='c1' exportname='vdb' "
          "exportbitmap='backup-vdb'>\n"
          "      <driver type='qcow2'/>\n"
          "      <scratch file='/x'/>\n"
          "    </disk>\n"
          "    <disk name='hdc' backup='no'/>\n"
          "  </disks>\n"
          "</domainbackup>\n");
}

TEST_CASE("what libvirt refuses is refused with its code") {
    CHECK(refused("<domainbackup mode='x'/>") == ErrorCode::xml_invalid_schema);
    CHECK(refused("<domainbackup mode='pull'/>") == ErrorCode::xml_invalid_schema);
    CHECK(refused("<domainbackup><disks><disk name='vda'/></disks></domainbackup>") == ErrorCode::xml_invalid_schema);
    CHECK(refused("<domainbackup><strange/></domainbackup>") == ErrorCode::xml_invalid_schema);
    CHECK(refused("<x/>") == ErrorCode::xml_error);
    CHECK(refused("<domainbackup><disks><disk name='vdz' type='file'/></disks></domainbackup>") ==
          ErrorCode::config_unsupported);
    CHECK(refused(
              "<domainbackup><disks><disk name='vda' type='file' backupmode='incremental'/></disks></domainbackup>") ==
          ErrorCode::config_unsupported);
}
