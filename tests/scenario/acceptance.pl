# Flows of libvirt's acceptance suite, written anew: lives of guests, names and UUIDs that clash, calls that need a guest
# that runs, saving, media, processors, pools and volumes. Prints a line a step; acceptance_test.py knows what libvirtd
# 9.0.0 prints. Arguments: the URI and a folder that guests' user may enter.
$| = 1;
use strict; use warnings; use Sys::Virt; use Sys::Virt::Domain; use Sys::Virt::Stream;
my $c = Sys::Virt->new(uri => $ARGV[0]);
my $I = $ARGV[1];

sub told { print join(' ', map { defined $_ ? $_ : 'undef' } @_), "\n" }

# One step: its name, and what came of it, or the error's code and domain.
sub t {
    my ($name, $step) = @_;
    my @result = eval { $step->() };
    return told($name, 'ok', map { ref $_ ? ref $_ : $_ } @result) unless $@;
    return told($name, 'ERR', $@->code, $@->domain, $@->level) if ref $@;
    told($name, 'DIED', $@);
}

sub dom {
    my (%p) = (name => 'tck', uuid => '', dev => '', vcpu => 1, mem => 65536, @_);
    my $uuid = $p{uuid} ? "<uuid>$p{uuid}</uuid>" : '';
    return "<domain type='qemu'><name>$p{name}</name>$uuid<memory>$p{mem}</memory><vcpu>$p{vcpu}</vcpu>"
        . "<os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features>"
        . "<devices><serial type='pty'/>$p{dev}</devices></domain>";
}

system("qemu-img create -q -f raw $I/root.img 100M"); 
my $root="<disk type='file' device='disk'><source file='$I/root.img'/><target dev='vda' bus='virtio'/></disk>";
# caching
my ($u1,$u2)=("11111111-1111-1111-1111-111111111111","22222222-1111-1111-1111-111111111111");
my $d1;
t('create1',sub{ $d1=$c->create_domain(dom(uuid=>$u1)); ($d1->get_uuid_string,$d1->get_name)});
t('destroy1',sub{$d1->destroy;1});
t('look',sub{$c->get_domain_by_name('tck')});
my $d2;
t('create2',sub{ $d2=$c->create_domain(dom(uuid=>$u2)); $d2->get_uuid_string});
t('destroy2',sub{$d2->destroy;1});
# unique ids
t('def',sub{$d1=$c->define_domain(dom(uuid=>$u1));1});
t('redef other name',sub{$c->define_domain(dom(uuid=>$u1,name=>'tck2'))});
t('redef other uuid',sub{$c->define_domain(dom(uuid=>$u2))});
t('create other uuid',sub{$c->create_domain(dom(uuid=>$u2))});
t('create other name',sub{$c->create_domain(dom(uuid=>$u1,name=>'tck2'))});
t('create same',sub{ my $d=$c->create_domain(dom(uuid=>$u1)); ($d->get_id>0, $d->is_persistent)});
t('create again',sub{$c->create_domain(dom(uuid=>$u1))});
t('undefine running',sub{$d1->undefine; ($d1->is_persistent,$d1->is_active)});
t('define running',sub{ $c->define_domain(dom(uuid=>$u1)); $d1->is_persistent });
t('destroy',sub{$d1->destroy;$d1->is_active});
t('undefine',sub{$d1->undefine;1});
t('gone',sub{$d1->get_info});
# autostart of transient
t('tr',sub{$d1=$c->create_domain(dom());1});
t('auto',sub{$d1->get_autostart});
t('setauto',sub{$d1->set_autostart(1)}); 
# invalid when inactive
t('destroy',sub{$d1->destroy;1});
t('define',sub{$d1=$c->define_domain(dom(dev=>$root));1});
my %inv=(block_stats=>['vda'],core_dump=>['core.img',0],destroy=>[],interface_stats=>['eth0'],memory_peek=>[0,100,1],pin_vcpu=>[1,'1'],reboot=>[0],save=>["$I/no.img"],shutdown=>[],suspend=>[],resume=>[],get_vcpu_info=>[]);
for my $m (sort keys %inv) { t("inactive $m",sub{ my @r=$d1->$m(@{$inv{$m}}); scalar @r }) }
t('stats',sub{$d1->create; my $s=$d1->block_stats('vda'); join ',',sort keys %$s});
t('suspend',sub{$d1->suspend; ($d1->get_info->{state},$d1->get_state)});
t('resume',sub{$d1->resume; $d1->get_state});
t('persist redefine while running',sub{ $c->define_domain(dom(uuid=>$d1->get_uuid_string,dev=>$root,mem=>32768));
my $x=$d1->get_xml_description; my $y=$d1->get_xml_description(Sys::Virt::Domain::XML_INACTIVE); ($x=~m,<memory unit='KiB'>(\d+),, $y=~m,<memory unit='KiB'>(\d+),)});
t('save',sub{ unlink "$I/saved.img"; $d1->save("$I/saved.img"); $d1->is_active});
t('save xml',sub{ $c->get_save_image_xml_description("$I/saved.img") =~ /<name>(\w+)/; $1});
t('restore',sub{$c->restore_domain("$I/saved.img"); $d1->get_state});
t('restore again',sub{$c->restore_domain("$I/saved.img")});
t('managed',sub{$d1->managed_save; ($d1->has_managed_save_image,$d1->is_active)});
t('start',sub{$d1->create; ($d1->has_managed_save_image, $d1->get_state)});
t('broken save', sub{ $d1->save("$I/saved.img"); truncate "$I/saved.img", (-s "$I/saved.img")-524288; $c->restore_domain("$I/saved.img")});
t('state after',sub{ $d1->get_state });
# define save image xml
t('undefine',sub{ $d1->undefine; 1});
# metadata
t('tr', sub { $d1 = $c->create_domain(dom()); 1 });
t('metadata',sub{ $d1->set_metadata(Sys::Virt::Domain::METADATA_ELEMENT,'<a/>','k','http://x',0); $d1->get_metadata(Sys::Virt::Domain::METADATA_ELEMENT,'http://x',0)});
t('d',sub{$d1->destroy;1});
# cpu
t('cpu',sub{$d1=$c->create_domain(dom(vcpu=>2)); $d1->get_max_vcpus});
t('set1',sub{$d1->set_vcpus(1); $d1->get_info->{nrVirtCpu}});
t('set0',sub{$d1->set_vcpus(0)});
t('set3',sub{$d1->set_vcpus(3)});
t('numa',sub{ my $p=$d1->get_numa_parameters; join ',', map {"$_=$p->{$_}"} sort keys %$p});
t('setnuma',sub{$d1->set_numa_parameters({Sys::Virt::Domain::NUMA_NODESET=>'0'})});
t('d',sub{$d1->destroy;1});
# storage
my $pool; my $P="$I/pool"; system("rm -rf $P");
t('pool def',sub{$pool=$c->define_storage_pool("<pool type='dir'><name>tck</name><target><path>$P</path></target></pool>");1});
t('start unbuilt',sub{$pool->create});
t('build',sub{$pool->build(0);1});
t('build no overwrite',sub{$pool->build(2);1});
t('start',sub{$pool->create;1});
t('vols',sub{scalar $pool->list_volumes});
sub vol { my ($n,$f,$cap,$al,$b)=@_; "<volume><name>$n</name><capacity>$cap</capacity><allocation>$al</allocation><target><format type='$f'/></target>".($b?"<backingStore><path>$b</path><format type='qcow2'/></backingStore>":'')."</volume>" }
my %V; for my $f (qw(raw qcow2 qed vmdk vpc vdi)) { t("vol $f",sub{ $V{$f}=$pool->create_volume(vol("v$f",$f,50*1048576,0));
my $i=$V{$f}->get_info; ($i->{capacity},$i->{type}, $V{$f}->get_xml_description =~ m,<format type='(\w+)',)}) }
t('full raw',sub{ my $v=$pool->create_volume(vol('full','raw',1048576*5,1048576*5));
my $i=$v->get_info; ($i->{capacity},$i->{allocation}) });
t('backing',sub{ my $v=$pool->create_volume(vol('over','qcow2',50*1048576,0,"$P/vqcow2")); $v->get_xml_description =~ m,<backingStore>.*?<path>(.*?)</path>,s; $1});
t('clone',sub{ my $v=$pool->clone_volume(vol('cl','qcow2',50*1048576,0),$V{raw}); $v->get_info->{capacity}});
t('dup',sub{$pool->create_volume(vol('vraw','raw',10,0))});
t('missing',sub{$pool->get_volume_by_name('x2')}); system("dd if=/dev/zero of=$P/x2 bs=1M count=2 status=none");
t('still missing',sub{$pool->get_volume_by_name('x2')});
t('refresh',sub{$pool->refresh; my $v=$pool->get_volume_by_name('x2'); ($v->get_key,$v->get_path,$v->get_info->{capacity})});
t('upload',sub{ my $st=$c->new_stream; $V{raw}->upload($st,0,4096);
my $b='A'x4096; my $off=0; while($off<4096){ my $piece=substr($b,$off);
my $r=$st->send($piece,length $piece); die "stuck" if $r<=0; $off+=$r } $st->finish; open my $f,'<',"$P/vraw"; read $f,my $x,4096; $x eq $b ? 1:0});
t('download',sub{ my $st=$c->new_stream; $V{raw}->download($st,0,8192);
my $all=''; while(1){ my $x; my $r=$st->recv($x,1000); last unless $r>0; $all.=$x } $st->finish; (length $all, substr($all,4094,4) eq "AA\0\0"?1:0)});
t('download nonblock',sub{ my $st=$c->new_stream(Sys::Virt::Stream::NONBLOCK); $V{raw}->download($st,0,4096); my ($x,$n,$t)=('',0,0); while($t<2000){ my $r=$st->recv($x,1000); if($r==-2){ select undef,undef,undef,0.01; $t++; next } last if $r<=0; $n+=$r } eval{$st->finish}; $n});
t('wipe',sub{$V{raw}->wipe(0); open my $f,'<',"$P/vraw"; read $f,my $x,10; $x eq "\0"x10 ?1:0});
t('resize',sub{$V{raw}->resize(60*1048576); $V{raw}->get_info->{capacity}});
t('del',sub{$_->delete(0) for values %V; scalar $pool->list_volumes});
t('del again',sub{$V{raw}->delete(0)});
t('undef active',sub{$pool->undefine});
t('pool del active',sub{$pool->delete(0)});
t('destroy',sub{$pool->destroy;1});
t('refresh inactive',sub{$pool->refresh});
t('pool delete',sub{$pool->delete(0)}); system("rm -rf $P/*");
t('pool delete',sub{$pool->delete(0); -d $P ? 1:0});
t('undefine',sub{$pool->undefine;1});
t('gone',sub{$pool->get_info});
