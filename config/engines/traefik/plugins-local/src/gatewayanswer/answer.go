// Package gatewayanswer is a local plugin of Traefik's, which cannot put a header of forwardAuth's answer on the answer to
// the client by itself. It stands behind forwardAuth, whose `authResponseHeaders` it finds on the request.
package gatewayanswer

import (
	"context"
	"net/http"
	"strings"
)

// Not for Cronofy, beside what begins with one of the prefixes.
var notUpstream = []string{
	"Baggage", "Connection", "Cookie", "Expect", "Forwarded", "Http2-Settings", "Keep-Alive", "Max-Forwards", "Origin",
	"Referer", "Te", "Trailer", "True-Client-Ip", "Upgrade", "X-Client-Ip", "X-Cluster-Client-Ip", "X-Csrf",
	"X-Http-Method", "X-Http-Method-Override", "X-Method-Override", "X-Original-Host", "X-Original-Url", "X-Real-Ip",
	"X-Rewrite-Url",
}
var notUpstreamPrefixes = []string{"Access-Control-", "Gateway-", "Proxy-", "Sec-", "X-Forwarded-"}

// Not for the client.
var notDownstream = []string{
	"Age", "Alt-Svc", "Clear-Site-Data", "Expires", "Gateway-Error", "Nel", "Pragma", "Set-Cookie",
	"Strict-Transport-Security",
}
var notDownstreamPrefixes = []string{"Access-Control-", "Proxy-"}

// The gateway's words, which go from the request to the answer.
var said = []string{
	"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Access-Control-Expose-Headers",
	"Cronofy-Access-Mode", "X-Request-Id",
}

const via = "1.1 cronofy-gateway"

// Config has nothing to set.
type Config struct{}

// CreateConfig is called by Traefik.
func CreateConfig() *Config { return &Config{} }

// New is called by Traefik.
func New(_ context.Context, next http.Handler, _ *Config, _ string) (http.Handler, error) {
	return &plugin{next: next}, nil
}

type plugin struct{ next http.Handler }

// ServeHTTP carries a call that the gateway allowed.
func (p *plugin) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	// What `Connection` names is for Traefik alone; the gateway's words are not its to take away.
	for _, line := range req.Header.Values("Connection") {
		for _, name := range strings.Split(line, ",") {
			key := http.CanonicalHeaderKey(strings.TrimSpace(name))
			if key != "Authorization" && !isSaid(key) {
				req.Header.Del(key)
			}
		}
	}
	ours := http.Header{}
	for _, name := range said {
		if value := req.Header.Get(name); value != "" {
			ours.Set(name, value)
		}
	}
	req.Header.Del("Cronofy-Access-Mode")
	drop(req.Header, notUpstream, notUpstreamPrefixes)
	req.Header.Set("Via", via)
	p.next.ServeHTTP(&answer{ResponseWriter: rw, ours: ours}, req)
}

// answer puts the gateway's words on the head, in place of Cronofy's.
type answer struct {
	http.ResponseWriter
	ours http.Header
	told bool
}

// WriteHeader is called before the body, if there is one; 1xx come before it.
func (a *answer) WriteHeader(status int) {
	if !a.told && status >= 200 {
		a.told = true
		header := a.Header()
		drop(header, notDownstream, notDownstreamPrefixes)
		for _, name := range said {
			header.Del(name)
			if value := a.ours.Get(name); value != "" {
				header.Set(name, value)
			}
		}
		header.Set("Cache-Control", "no-store")
		header.Set("Via", via)
		header.Set("Vary", "Cookie, Origin")
		header.Set("X-Content-Type-Options", "nosniff")
		if status >= 300 && status < 400 && status != http.StatusNotModified {
			// Cronofy's API never redirects; a browser would follow.
			header.Del("Location")
			header.Set("Gateway-Error", "upstream_redirected")
			status = http.StatusBadGateway
		}
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write sends a piece of the body.
func (a *answer) Write(piece []byte) (int, error) {
	if !a.told {
		a.WriteHeader(http.StatusOK)
	}
	return a.ResponseWriter.Write(piece)
}

// Flush sends what is there, where the server can.
func (a *answer) Flush() {
	if flusher, ok := a.ResponseWriter.(http.Flusher); ok {
		flusher.Flush()
	}
}

func isSaid(key string) bool {
	for _, name := range said {
		if name == key {
			return true
		}
	}
	return false
}

func drop(header http.Header, names, prefixes []string) {
	for _, name := range names {
		header.Del(name)
	}
	for key := range header {
		for _, prefix := range prefixes {
			if strings.HasPrefix(key, prefix) {
				delete(header, key)
			}
		}
	}
}
