-- Questions for wrk about the facts of `examples/facts_generator.rs`: a mix of what is allowed and what
-- is denied, over many clients. ORGANIZATIONS must be the number the facts were made with.

local organizations = tonumber(os.getenv("ORGANIZATIONS") or "500")

local function question(subject, action, resource_type, resource, context)
  return string.format(
    '{"subject":{"type":"User","id":"%s"},"action":{"name":"%s"},"resource":{"type":"%s","id":"%s"},"context":{%s}}',
    subject, action, resource_type, resource, context or "")
end

local questions = {}

for client = 1, organizations - 1 do
  if client % 10 ~= 0 then
    local partner = client - client % 10
    local partnership = "org-" .. client .. ":org-" .. partner
    local stranger = (partner + 10) % (organizations - organizations % 10)
    local function add(...) questions[#questions + 1] = question(...) end
    -- allowed: the partner's administrator and its assigned collaborator enter the account
    add("u-" .. partner .. "-admin", "enterClientAccount", "Partnership", partnership)
    add("u-" .. partner .. "-staff", "enterClientAccount", "Partnership", partnership)
    -- allowed: the client's own people look at a product
    add("u-" .. client .. "-lr", "viewProduct", "Product", "p-" .. client .. "-0")
    add("u-" .. client .. "-staff", "manageProduct", "Product", "p-" .. client .. "-1")
    -- allowed with full access, denied with limited access, which covers the first product only
    add("u-" .. partner .. "-admin", "manageProduct", "Product", "p-" .. client .. "-2")
    -- denied: the people of another partner
    add("u-" .. stranger .. "-admin", "enterClientAccount", "Partnership", partnership)
    add("u-" .. stranger .. "-lr", "viewProduct", "Product", "p-" .. client .. "-0")
    -- denied: an administrator adds a client, a collaborator changes the payment mode
    add("u-" .. partner .. "-admin", "addClient", "Organization", "org-" .. partner,
      '"client":{"type":"Organization","id":"org-' .. client .. '"},"access":"full"')
    add("u-" .. partner .. "-staff", "changePaymentMode", "Partnership", partnership,
      '"paymentMode":"partner","confirmed":true')
  end
end

local requests, position = {}, 0

-- Requests are formatted once, before the clock runs.
function init()
  for index, body in ipairs(questions) do
    requests[index] = wrk.format("POST", "/access/v1/evaluation", { ["Content-Type"] = "application/json" }, body)
  end
end

function request()
  position = position % #requests + 1
  return requests[position]
end
