#!/usr/bin/perl
# Sys::Virt, unmodified: takes a domain's XML file through its life with events and a console stream, and prints what
# it sees. sys_virt_test.py runs it.   usage: sys_virt.pl URI FILE PROMPT
use strict;
use warnings;
use Sys::Virt;
use Sys::Virt::Domain;
use Sys::Virt::Event;
use Sys::Virt::Stream;

$| = 1;
my ($uri, $file, $prompt) = @ARGV;
my $patience = 300;

Sys::Virt::Event::register_default();
my $connection = Sys::Virt->new(uri => $uri);
open(my $handle, '<', $file) or die "$file: $!";
my $xml = do { local $/; <$handle> };

my @events;
$connection->domain_event_register_any(undef, Sys::Virt::Domain::EVENT_ID_LIFECYCLE,
    sub { my (undef, $domain, $event, $detail) = @_; push @events, "$event.$detail"; });

# Runs the event loop until the condition holds.
sub until_true {
    my ($what, $condition) = @_;
    my $end = time + $patience;
    my $timer = Sys::Virt::Event::add_timeout(200, sub { });    # so that the loop turns, and the deadline is seen
    while (!$condition->()) {
        die "waited for $what" if time > $end;
        Sys::Virt::Event::run_default();
    }
    Sys::Virt::Event::remove_timeout($timer);
}

my $domain = $connection->define_domain($xml);
$domain->create(Sys::Virt::Domain::START_PAUSED);
print "state ", join('.', $domain->get_state()), "\n";

my ($text, $closed) = ('', 0);
my $stream = $connection->new_stream(Sys::Virt::Stream::NONBLOCK);
$domain->open_console($stream, undef, 0);
$stream->add_callback(
    Sys::Virt::Stream::EVENT_READABLE | Sys::Virt::Stream::EVENT_HANGUP | Sys::Virt::Stream::EVENT_ERROR,
    sub {
        my ($source) = @_;
        my $data = '';
        my $size = eval { $source->recv($data, 65536) };
        return if defined $size && $size == -2;    # nothing yet
        if ($size) {
            $text .= $data;
        } else {
            $closed = 1;
        }
        $source->remove_callback() if $closed;
    });
$domain->resume();
until_true('the prompt', sub { index($text, $prompt) >= 0 });
my $line = "echo sum \$((40 + 2))\n";
$stream->send($line, length $line);
until_true('the answer', sub { $text =~ /sum 42/ });
print "console answered\n";
$domain->shutdown();
until_true('the end of the console', sub { $closed });
until_true('the end of the guest', sub { !$domain->is_active() });
print "state ", join('.', $domain->get_state()), "\n";
$domain->undefine();
until_true('the last event', sub { $events[-1] eq '1.0' });
print "events @events\n";
eval { $connection->get_domain_by_name('nobody') };
print "code ", $@->code, "\n";
