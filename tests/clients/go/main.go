// A client that speaks the wire itself, in Go, through Debian's golang-github-digitalocean-go-libvirt-dev: takes a
// domain's XML file through its life and prints what it sees. go_wire_test.py builds and runs it.
//
// usage: main SOCKET FILE TEXT        TEXT is what the guest's console shows when it is up
package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/digitalocean/go-libvirt"
	"github.com/digitalocean/go-libvirt/socket/dialers"
)

const patience = 300 * time.Second

// check ends the program when a step failed.
func check(what string, err error) {
	if err != nil {
		fmt.Printf("%s: %v\n", what, err)
		os.Exit(1)
	}
}

// until waits for a condition.
func until(what string, condition func() bool) {
	for end := time.Now().Add(patience); !condition(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			fmt.Println("waited for " + what)
			os.Exit(1)
		}
	}
}

// screen collects what a console stream brings.
type screen struct {
	lock sync.Mutex
	text strings.Builder
}

func (s *screen) Write(data []byte) (int, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.text.Write(data)
}

func (s *screen) shows(text string) bool {
	s.lock.Lock()
	defer s.lock.Unlock()
	return strings.Contains(s.text.String(), text)
}

func main() {
	socket, file, text := os.Args[1], os.Args[2], os.Args[3]
	definition, err := os.ReadFile(file)
	check("reading", err)
	connection := libvirt.NewWithDialer(dialers.NewLocal(dialers.WithSocket(socket)))
	check("connect", connection.Connect())
	version, err := connection.ConnectGetLibVersion()
	check("version", err)
	fmt.Println("version given", version > 1000000)
	kind, err := connection.ConnectGetType()
	check("type", err)
	fmt.Println("type", kind)

	events, err := connection.LifecycleEvents(context.Background())
	check("events", err)
	var seen []string
	var lock sync.Mutex
	go func() {
		for event := range events {
			lock.Lock()
			seen = append(seen, fmt.Sprintf("%d.%d", event.Event, event.Detail))
			lock.Unlock()
		}
	}()

	domain, err := connection.DomainDefineXML(string(definition))
	check("define", err)
	domains, total, err := connection.ConnectListAllDomains(1, 0)
	check("list", err)
	fmt.Println("listed", len(domains), total, domains[0].Name == domain.Name)
	domain, err = connection.DomainCreateWithFlags(domain, uint32(libvirt.DomainStartPaused))
	check("create", err)
	view := &screen{}
	ended := make(chan error, 1)
	go func() { ended <- connection.DomainOpenConsole(domain, nil, view, 0) }()
	check("resume", connection.DomainResume(domain))
	until("the guest's console", func() bool { return view.shows(text) })
	state, reason, err := connection.DomainGetState(domain, 0)
	check("state", err)
	fmt.Println("state", state, reason)
	xml, err := connection.DomainGetXMLDesc(domain, 0)
	check("xml", err)
	fmt.Println("xml", strings.Contains(xml, "<name>"+domain.Name+"</name>"))
	records, err := connection.ConnectGetAllDomainStats([]libvirt.Domain{domain}, uint32(libvirt.DomainStatsState), 0)
	check("stats", err)
	for _, record := range records {
		for _, parameter := range record.Params {
			fmt.Println("stats", parameter.Field, parameter.Value.I)
		}
	}
	check("shutdown", connection.DomainShutdown(domain))
	until("the guest's end", func() bool {
		active, err := connection.DomainIsActive(domain)
		check("active", err)
		return active == 0
	})
	select {
	case err := <-ended:
		fmt.Println("console ended", err)
	case <-time.After(patience):
		fmt.Println("the console did not end")
		os.Exit(1)
	}
	check("undefine", connection.DomainUndefine(domain))
	until("the last event", func() bool {
		lock.Lock()
		defer lock.Unlock()
		return len(seen) > 0 && seen[len(seen)-1] == "1.0"
	})
	fmt.Println("events", strings.Join(seen, " "))
	_, err = connection.DomainLookupByName("nobody")
	failure, ok := err.(libvirt.Error)
	fmt.Println("code", ok, failure.Code)
	check("disconnect", connection.Disconnect())
}
