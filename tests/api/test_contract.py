from tests.api.document import operations
def test_x(client, live):
    for p in ("/api/queue","/api/queue/status","/api/anime","/api/anime/"+live.key,"/api/operations","/api/search?q=lan","/api/config","/health","/health/ready","/api/auth/sessions","/api/events/status"):
        r = client.get(p); print(p, r.status_code, r.elapsed, len(r.content), r.text[:1500])
    print(live.items)
