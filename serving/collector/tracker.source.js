// The tracker: what it sends and keeps, and its attributes, are told in docs/tracker.md. Written to be small: pages load
// `make tracker`'s shorter form of it, tracker.js.
(() => {
const d = document, n = navigator, me = d.currentScript, set = me.dataset, endpoint = new URL('/collect', me.src)
const asks = set.consent || set.signals && (n.globalPrivacyControl || n.doNotTrack > 0)
let queue = [], failures = 0, page, referrer, told, since, dwell, depth, timer

const uuid = () => crypto.randomUUID()
// Cookies, as they expire by themselves: made once and never prolonged.
const get = key => (d.cookie.match(`leadmill_${key}=([^;]*)`) || 0)[1]
const put = (key, text, days = set.days || 390) => {
	d.cookie = `leadmill_${key}=${text};path=/;max-age=${days * 86400};SameSite=Lax;Secure`
}
const id = () => {
	get('id') || put('id', uuid())
	return get('id')
}
// What could not be sent waits for the next page.
const swapUnsent = events => {
	const before = JSON.parse(localStorage.leadmill || '[]')
	localStorage.leadmill = JSON.stringify(events)
	return before
}

let choice = get('consent')
const may = () => choice ? choice == 'granted' : !asks
const choose = made => {
	put('consent', choice = made)
	if (!may()) {
		put('id', '', 0)
		swapUnsent(queue = [])
	}
	flush()
}

// Sent again until answered: the receiver tells repeats by their event_id.
const body = events => JSON.stringify({
	sent_at: new Date(),
	events: events.map(event => ({...event, anonymous_id: id(), consent: choice}))
})
const flush = async () => {
	timer = 0
	if (!may()) return
	queue = swapUnsent([]).concat(queue)
	if (!queue[0]) return
	// Browsers give a page 64 kB of keepalive: a larger batch would be refused at each try, and hold up all that follow.
	const batch = queue.splice(0, 20)
	// No answer becomes an Error, which has no status.
	const {status} = await fetch(endpoint, {method: 'POST', body: body(batch), keepalive: true}).catch(Error)
	failures = status < 500 && status != 429 ? 0 : failures + 1
	if (failures) queue = batch.concat(queue)
	if (queue[0]) timer = setTimeout(flush, 1e3 << Math.min(failures, 6))
}
const send = (event_name, more) => {
	if (choice && !may() || queue[49]) return
	queue.push({event_id: uuid(), event_name, occurred_at: new Date(), url: page, referrer, ...more})
	timer = timer || setTimeout(flush, 1e3)
}
const once = (event_name, content_id) => {
	const key = event_name + content_id
	if (!told[key]) told[key] = !send(event_name, {content_id})
}

// Pages: how long they were in the foreground and how far down they were seen.
const look = () => depth = Math.max(depth, Math.min(100, (scrollY + innerHeight) / d.documentElement.scrollHeight * 100 | 0))
const leave = gone => {
	const now = Date.now()
	dwell += since && now - since
	since = !d.hidden && now
	if (dwell > 999) {
		send('user_engagement', {dwell_seconds: dwell / 1e3, scroll_percent: look()})
		dwell = 0
	}
	if (gone && queue[0] && may()) {
		if (failures || !n.onLine || !n.sendBeacon(endpoint, body(queue))) swapUnsent(swapUnsent().concat(queue).slice(-50))
		queue = []
	}
}
const clean = href => href.replace(/#.*|([?&])(?!utm_|\w*clid=)[^&#]*/g, '$1')
const visit = () => {
	const here = clean(location.href)
	if (here == page) return
	leave()
	referrer = page || clean(d.referrer)
	page = here
	told = {}
	depth = dwell = 0
	send('page_view')
	if (set.pricing && here.match(set.pricing)) send('view_pricing')
}
const {pushState} = history
history.pushState = (...state) => { pushState.apply(history, state); visit() }

// What is seen for a second, clicked and filled in.
const on = (type, act) => addEventListener(type, act, true)
const mark = name => `[data-leadmill-${name}]`
const onMarked = (type, name, act) => on(type, event => {
	const el = event.target.closest(mark(name))
	if (el) act(el, el.getAttribute('data-leadmill-' + name))
})
const seen = el => {
	const {leadmillCta, leadmillForm, leadmillEvent} = el.dataset
	once(leadmillEvent || (leadmillCta ? 'cta_view' : 'form_view'), leadmillCta || leadmillForm)
}
const eye = new IntersectionObserver(entries => entries.forEach(({target, intersectionRatio, intersectionRect}) => {
	clearTimeout(target.lm)
	if (intersectionRatio >= .5 || intersectionRect.height > innerHeight / 2) target.lm = setTimeout(seen, 1e3, target)
}), {threshold: [.2, .5]})
const watch = () => d.querySelectorAll([mark('cta'), mark('form'), mark('event')]).forEach(el => eye.observe(el))
new MutationObserver(watch).observe(d, {childList: true, subtree: true})
watch()

onMarked('click', 'cta', (el, content_id) => { seen(el); send('cta_click', {content_id}) })
onMarked('focusin', 'form', (form, content_id) => once('form_start', content_id))
onMarked('submit', 'form', (form, content_id) => {
	const event_id = uuid(), email = form.querySelector(mark('identify'))
	form.querySelectorAll(mark('submission')).forEach(field => field.value = event_id)
	send('form_submission', {event_id, content_id, email: email && email.value || null})
})
on('scroll', ({target}) => target == d && look() > 89 && once('scroll'))
on('visibilitychange', leave)
on('popstate', visit)

const api = {
	push: ([name, ...rest]) => api[name](...rest),
	track: send,
	identify: (who, properties) => send('identify', {[/@/.test(who) ? 'email' : 'user_id']: who, properties}),
	consent: yes => choice == 'out' || choose(yes ? 'granted' : 'denied'),
	optOut: () => choose('out')
}
const calls = window.leadmill || []
window.leadmill = api
visit()
calls.forEach(api.push)
})()
